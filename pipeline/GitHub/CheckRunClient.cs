using Ci.Pipeline.Text;

namespace Ci.Pipeline.GitHub;

/// <summary>Only a GitHub App may make check runs (GitHub REST API, "Check runs").</summary>
public sealed class CheckRunClient(GitHubClient gitHub)
{
    /// <summary>Makes the run if there is none of that name and external id; returns its id.</summary>
    internal async Task<long> SaveAsync(string repository, long? id, CheckRun run, CancellationToken cancellationToken)
    {
        // An earlier try may have been taken, and only its answer lost.
        id ??= (await FindAsync(repository, run, cancellationToken))?.Id;
        if (id is { } known)
        {
            var change = Request(HttpMethod.Patch, repository, $"check-runs/{known}", run with { HeadSha = null });
            await gitHub.SendAsync(change, cancellationToken);
            return known;
        }

        var made = await gitHub.CreateAsync(
            Request(HttpMethod.Post, repository, "check-runs", run),
            GitHubJson.Default.ListedCheckRun,
            stop => FindAsync(repository, run, stop),
            cancellationToken);
        return made.Id;
    }

    private async Task<ListedCheckRun?> FindAsync(string repository, CheckRun run, CancellationToken cancellationToken)
    {
        var request = new GitHubRequest(
            HttpMethod.Get,
            repository,
            $"commits/{run.HeadSha}/check-runs?check_name={Uri.EscapeDataString(run.Name)}&filter=all&per_page=100",
            $"list the check runs of commit {Format.Commit(run.HeadSha!)} of {repository}",
            "Checks: read");
        var list = await gitHub.SendAsync(request, GitHubJson.Default.CheckRunList, cancellationToken);
        return list.CheckRuns.Find(listed => listed.ExternalId == run.ExternalId);
    }

    private static GitHubRequest Request(HttpMethod method, string repository, string path, CheckRun run) =>
        new GitHubRequest(method, repository, path, $"take the check run {run.Name} of {repository}", "Checks: read and write")
            .With(run, GitHubJson.Default.CheckRun);
}

internal sealed record CheckRun
{
    public required string Name { get; init; }
    public string? HeadSha { get; init; }
    public string? DetailsUrl { get; init; }
    public required string ExternalId { get; init; }
    public required string Status { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public string? Conclusion { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public required CheckOutput Output { get; init; }
}

internal sealed record CheckOutput(string Title, string Summary, string? Text = null, IReadOnlyList<CheckNote>? Annotations = null);

internal sealed record CheckNote(string Path, int StartLine, int EndLine, string AnnotationLevel, string Message);

internal sealed record ListedCheckRun(long Id, string? ExternalId);

internal sealed record CheckRunList(List<ListedCheckRun> CheckRuns);
