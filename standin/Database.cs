using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ci.StandIn;

/// <summary>A repository's objects: REST, "Git database" ("Get a commit object", "Get a tree", "Get a blob").</summary>
internal sealed class Database(GitHubStandIn gitHub)
{
    private const string Raw = "application/vnd.github.raw+json";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/repos/{owner}/{repo}/git/commits/{sha}", CommitAsync);
        routes.MapGet("/repos/{owner}/{repo}/git/trees/{sha}", TreeAsync);
        routes.MapGet("/repos/{owner}/{repo}/git/blobs/{sha}", BlobAsync);
    }

    private async Task<IResult> CommitAsync(string owner, string repo, string sha)
    {
        if (gitHub.Repository($"{owner}/{repo}") is not { } repository || await repository.ObjectAsync(sha) is not ("commit", var content))
        {
            return Answer.NotFound();
        }

        var api = Repositories.ApiUrl($"{owner}/{repo}");
        var parts = Encoding.UTF8.GetString(content).Split("\n\n", 2);
        var lines = parts[0].Split('\n').Select(line => line.Split(' ', 2)).ToLookup(line => line[0], line => line[^1]);
        var tree = lines["tree"].Single();
        return new Answer(new JsonObject
        {
            ["sha"] = sha,
            ["node_id"] = "MDY6Q29tbWl0" + sha[..7],
            ["url"] = $"{api}/git/commits/{sha}",
            ["html_url"] = $"https://github.com/{owner}/{repo}/commit/{sha}",
            ["author"] = Person(lines["author"].Single()),
            ["committer"] = Person(lines["committer"].Single()),
            ["tree"] = new JsonObject { ["sha"] = tree, ["url"] = $"{api}/git/trees/{tree}" },
            ["message"] = parts[1].TrimEnd('\n'),
            ["parents"] = new JsonArray([.. lines["parent"].Select(parent => new JsonObject
            {
                ["sha"] = parent, ["url"] = $"{api}/git/commits/{parent}",
                ["html_url"] = $"https://github.com/{owner}/{repo}/commit/{parent}",
            })]),
            ["verification"] = new JsonObject
            {
                ["verified"] = false,
                ["reason"] = "unsigned",
                ["signature"] = null,
                ["payload"] = null,
                ["verified_at"] = null,
            },
        });
    }

    private async Task<IResult> TreeAsync(string owner, string repo, string sha, string? recursive)
    {
        if (gitHub.Repository($"{owner}/{repo}") is not { } repository
            || await repository.TreeAsync(sha, recursive is not null) is not { } entries)
        {
            return Answer.NotFound();
        }

        var api = Repositories.ApiUrl($"{owner}/{repo}");
        return new Answer(new JsonObject
        {
            ["sha"] = sha,
            ["url"] = $"{api}/git/trees/{sha}",
            ["tree"] = new JsonArray([.. entries.Take(gitHub.MaxTreeEntries).Select(entry => Shown(entry, api))]),
            ["truncated"] = entries.Count > gitHub.MaxTreeEntries,
        });
    }

    private async Task<IResult> BlobAsync(HttpRequest request, string owner, string repo, string sha)
    {
        if (gitHub.Repository($"{owner}/{repo}") is not { } repository || await repository.ObjectAsync(sha) is not ("blob", var content))
        {
            return Answer.NotFound();
        }

        return request.Headers.Accept.Any(type => type?.Contains(Raw, StringComparison.Ordinal) == true)
            ? Results.Bytes(content, Raw + "; charset=utf-8")
            : new Answer(new JsonObject
            {
                ["sha"] = sha,
                ["node_id"] = "MDQ6QmxvYg" + sha[..7],
                ["size"] = content.Length,
                ["url"] = $"{Repositories.ApiUrl($"{owner}/{repo}")}/git/blobs/{sha}",
                ["content"] = Convert.ToBase64String(content),
                ["encoding"] = "base64",
            });
    }

    private static JsonObject Shown(TreeEntry entry, string api)
    {
        var shown = new JsonObject { ["path"] = entry.Path, ["mode"] = entry.Mode, ["type"] = entry.Kind, ["sha"] = entry.Sha };
        if (entry.Size is { } size)
        {
            shown["size"] = size;
        }

        // A submodule's commit is another repository's.
        if (entry.Kind != "commit")
        {
            shown["url"] = $"{api}/git/{(entry.Kind == "tree" ? "trees" : "blobs")}/{entry.Sha}";
        }

        return shown;
    }

    /// <summary>A person as a commit has one: <c>NAME &lt;ADDRESS&gt; SECONDS ZONE</c>.</summary>
    private static JsonObject Person(string line)
    {
        var (name, rest) =
            (line[..line.IndexOf(" <", StringComparison.Ordinal)], line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..].Split("> "));
        var seconds = long.Parse(rest[1].Split(' ')[0], CultureInfo.InvariantCulture);
        return new JsonObject
        {
            ["name"] = name,
            ["email"] = rest[0],
            ["date"] = Repositories.Time(DateTimeOffset.FromUnixTimeSeconds(seconds)),
        };
    }
}
