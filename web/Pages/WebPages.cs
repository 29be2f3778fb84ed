using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Web.Api;

namespace Ci.Web.Pages;

/// <summary>Reads what a page shows, and makes the page.</summary>
public sealed class WebPages(BuildLists lists, BuildStore store, BuildLogs logs, TimeProvider time)
{
    private const int PageLength = 50;

    /// <summary>The list of builds; what people entered as a filter comes as it is.</summary>
    public async Task<Page> BuildsAsync(string? repository, string? state, string? pull, string? before, CancellationToken cancellationToken)
    {
        if (BuildFilter.Parse(repository, state, pull, before) is not { Filter: { } filter } parsed)
        {
            return Problem(400, BuildFilter.Parse(repository, state, pull, before).Problem!);
        }

        var names = lists.RepositoriesAsync(cancellationToken);
        var part = await lists.ListAsync(filter, PageLength, cancellationToken);
        return new Page(BuildsPage.Render(filter, part, await names, time.GetUtcNow()));
    }

    /// <summary>One build; of a long log the end, unless all of it is asked for.</summary>
    public async Task<Page> BuildAsync(string id, bool wholeLog, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(id, cancellationToken) is not { } build)
        {
            return NoSuchBuild();
        }

        var estimate = build.IsFinal ? null : await EstimateAsync(build, cancellationToken);
        var log = new LogView();
        IReadOnlyList<LogSection> sections = [];
        if (await logs.ReadAsync(id, 0, cancellationToken) is { } stream)
        {
            await using (stream)
            {
                sections = await log.ReadAsync(stream, cancellationToken);
            }
        }

        var now = time.GetUtcNow();
        return new Page(BuildPage.Render(build, estimate, log, sections, wholeLog, BuildEvents.IsOver(build, now), now));
    }

    /// <summary>A repository; the builds tell whether there is one.</summary>
    public async Task<Page> RepositoryAsync(string repository, CancellationToken cancellationToken)
    {
        var builds = BuildFilter.IsRepository(repository)
            ? (await lists.ListAsync(new BuildFilter { Repository = repository }, RepositoryPage.Most, cancellationToken)).Builds
            : [];
        return builds.Count == 0
            ? Problem(404, "There is no build of a repository of this name.")
            : new Page(RepositoryPage.Render(builds[0].Request.Repository, builds, time.GetUtcNow()));
    }

    /// <summary>The messages that were given up.</summary>
    public Page PoisonQueue(DeadLettersView letters) => new(DeadLettersPage.Render(letters, time.GetUtcNow()));

    /// <summary>There is no such build.</summary>
    public static Page NoSuchBuild() => Problem(404, "There is no build of this id.");

    /// <summary>Something is not there, or cannot be done; <paramref name="back"/> is where to go on.</summary>
    public static Page Problem(int status, string sentence, string? back = null) => ProblemPage.Render(status, sentence, back ?? Paths.Builds);

    /// <summary>How long a build is likely to take.</summary>
    internal async Task<Estimate?> EstimateAsync(Build build, CancellationToken cancellationToken) =>
        Estimate.Of(await lists.SucceededAsync(build.Request.Repository, Estimate.Most, cancellationToken));
}
