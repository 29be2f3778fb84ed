using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ci.StandIn;

/// <summary>The check runs: REST, "Create a check run", "Update a check run" and "List check runs for a Git reference".</summary>
internal sealed class CheckRuns(GitHubStandIn gitHub)
{
    // What a run keeps of what it was told, and shows as it is.
    private static readonly string[] Kept =
        ["name", "head_sha", "details_url", "external_id", "status", "conclusion", "started_at", "completed_at"];

    private readonly ConcurrentDictionary<long, (string Repository, JsonObject Run)> _runs = new();
    private long _lastId;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/repos/{owner}/{repo}/check-runs", CreateAsync);
        routes.MapPatch("/repos/{owner}/{repo}/check-runs/{id:long}", UpdateAsync);
        routes.MapGet("/repos/{owner}/{repo}/commits/{reference}/check-runs", List);
    }

    /// <summary>A commit's check runs as they were last told, oldest first.</summary>
    public IReadOnlyList<JsonObject> Of(string repository, string commit) =>
        [.. _runs.OrderBy(r => r.Key).Where(r => r.Value.Repository == repository && (string?)r.Value.Run["head_sha"] == commit).Select(
            r => r.Value.Run)];

    private async Task<IResult> CreateAsync(HttpRequest request, string owner, string repo)
    {
        if (gitHub.Repository($"{owner}/{repo}") is not { } repository || await Answer.ReadAsync(request) is not { } body)
        {
            return Answer.NotFound();
        }

        if (Answer.Text(body, "head_sha") is not { } commit || await repository.ResolveAsync(commit) != commit)
        {
            return Answer.Problem(422, "No commit found for SHA: " + Answer.Text(body, "head_sha"));
        }

        var id = Interlocked.Increment(ref _lastId);
        _runs[id] = ($"{owner}/{repo}", body);
        return new Answer(Shown(id, $"{owner}/{repo}", body), 201);
    }

    private async Task<IResult> UpdateAsync(HttpRequest request, string owner, string repo, long id)
    {
        if (!_runs.TryGetValue(id, out var known) || known.Repository != $"{owner}/{repo}"
            || await Answer.ReadAsync(request) is not { } body)
        {
            return Answer.NotFound();
        }

        var changed = known.Run.DeepClone().AsObject();
        foreach (var (name, value) in body)
        {
            changed[name] = value?.DeepClone();
        }

        _runs[id] = (known.Repository, changed);
        return new Answer(Shown(id, known.Repository, changed));
    }

    private Answer List(string owner, string repo, string reference, string? check_name)
    {
        var repository = $"{owner}/{repo}";
        var runs = new JsonArray([.. _runs
            .Where(r => r.Value.Repository == repository && (string?)r.Value.Run["head_sha"] == reference)
            .Where(r => check_name is null || (string?)r.Value.Run["name"] == check_name)
            .OrderByDescending(r => r.Key)
            .Select(r => Shown(r.Key, repository, r.Value.Run))]);
        return new Answer(new JsonObject { ["total_count"] = runs.Count, ["check_runs"] = runs });
    }

    private static JsonObject Shown(long id, string repository, JsonObject run)
    {
        var notes = (run["output"]?["annotations"] as JsonArray)?.Count ?? 0;
        var shown = new JsonObject
        {
            ["id"] = id,
            ["node_id"] = $"CR_{id}",
            ["url"] = $"{Repositories.ApiUrl(repository)}/check-runs/{id}",
            ["html_url"] = $"https://github.com/{repository}/runs/{id}",
            ["check_suite"] = new JsonObject { ["id"] = 5 },
            ["app"] = null,
            ["pull_requests"] = new JsonArray(),
            ["output"] = new JsonObject
            {
                ["title"] = run["output"]?["title"]?.DeepClone(),
                ["summary"] = run["output"]?["summary"]?.DeepClone(),
                ["text"] = run["output"]?["text"]?.DeepClone(),
                ["annotations_count"] = notes,
                ["annotations_url"] = $"{Repositories.ApiUrl(repository)}/check-runs/{id}/annotations",
            },
        };
        foreach (var name in Kept)
        {
            shown[name] = run[name]?.DeepClone();
        }

        return shown;
    }
}
