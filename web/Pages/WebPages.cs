using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Web.Api;

namespace Ci.Web.Pages;

/// <summary>Reads what a page shows, and makes the page.</summary>
public sealed class WebPages(BuildLists lists, BuildStore records, BuildLogs logs, TimeProvider time)
{
    private const int PageLength = 50;

    /// <summary>The list of builds; what people entered as a filter comes as it is.</summary>
    public async Task<Page> BuildsAsync(string? repository, string? state, string? pull, string? before, CancellationToken cancellation)
    {
        if (BuildFilter.Parse(repository, state, pull, before) is not { Filter: { } filter } parsed)
        {
            return Problem(400, BuildFilter.Parse(repository, state, pull, before).Problem!);
        }

        var names = lists.RepositoriesAsync(cancellation);
        var part = await lists.ListAsync(filter, PageLength, cancellation);
        return new Page(BuildsPage.Render(filter, part, await names, time.GetUtcNow()));
    }

    /// <summary>One build; of a long log the end, unless all of it is asked for.</summary>
    public async Task<Page> BuildAsync(string id, bool wholeLog, CancellationToken cancellation)
    {
        if (await records.FindAsync(id, cancellation) is not { } build)
        {
            return NoSuchBuild();
        }

        var estimate = build.IsFinal ? null : await EstimateAsync(build, cancellation);
        var log = new LogView();
        IReadOnlyList<LogSection> sections = [];
        if (await logs.ReadAsync(id, 0, cancellation) is { } stream)
        {
            await using (stream)
            {
                sections = await log.ReadAsync(stream, cancellation);
            }
        }

        var now = time.GetUtcNow();
        return new Page(BuildPage.Render(build, estimate, log, sections, wholeLog, BuildEvents.IsOver(build, now), now));
    }

    /// <summary>A repository; the builds tell whether there is one.</summary>
    public async Task<Page> RepositoryAsync(string repository, CancellationToken cancellation)
    {
        var builds = BuildFilter.IsRepository(repository)
            ? (await lists.ListAsync(new BuildFilter { Repository = repository }, RepositoryPage.Most, cancellation)).Builds
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
    internal async Task<Estimate?> EstimateAsync(Build build, CancellationToken cancellation) =>
        Estimate.Of(await lists.SucceededAsync(build.Request.Repository, Estimate.Most, cancellation));
}
