using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Web.Answers;
using Ci.Web.Pages.Regions;
using Microsoft.AspNetCore.Http;

namespace Ci.Web.Pages;

public sealed class WebPages(BuildLists lists, BuildLogs logs, PageRenderer renderer, TimeProvider time)
{
    private const int PageLength = 50;

    /// <summary>The filter comes as people entered it.</summary>
    public async Task<IResult> BuildsAsync(
        string? repository, string? state, string? pull, string? before, CancellationToken cancellationToken)
    {
        var (filter, problem) = BuildFilter.Parse(repository, state, pull, before);
        if (filter is null)
        {
            return new ProblemResult(400, problem!);
        }

        var names = lists.RepositoriesAsync(cancellationToken);
        var part = await lists.ListAsync(filter, PageLength, cancellationToken);
        return new PageResult<BuildsPage>(new()
        {
            [nameof(BuildsPage.Filter)] = filter,
            [nameof(BuildsPage.Part)] = part,
            [nameof(BuildsPage.Repositories)] = await names,
        });
    }

    /// <summary>Of a long log the end, unless all of it is asked for.</summary>
    public async Task<IResult> BuildAsync(Build build, bool wholeLog, CancellationToken cancellationToken)
    {
        var estimate = await EstimateAsync(build, cancellationToken);
        var log = new LogView();
        IReadOnlyList<LogSection> sections = [];
        if (await logs.ReadAsync(build.Id, 0, cancellationToken) is { } stream)
        {
            await using (stream)
            {
                sections = await log.ReadAsync(stream, cancellationToken);
            }
        }

        return new PageResult<BuildPage>(new()
        {
            [nameof(BuildPage.Build)] = build,
            [nameof(BuildPage.Estimate)] = estimate,
            [nameof(BuildPage.Log)] = log,
            [nameof(BuildPage.Sections)] = sections,
            [nameof(BuildPage.ShowAll)] = wholeLog,
            [nameof(BuildPage.IsOver)] = BuildEvents.IsOver(build, time.GetUtcNow()),
        });
    }

    internal async Task<IReadOnlyList<(string Id, string Html)>> RegionsAsync(Build build, CancellationToken cancellationToken)
    {
        var parameters = new Dictionary<string, object?>
        {
            [nameof(BuildRegion.Build)] = build,
            [nameof(BuildRegion.Estimate)] = await EstimateAsync(build, cancellationToken),
        };
        var regions = new List<(string, string)>();
        foreach (var (id, component) in BuildRegion.All)
        {
            regions.Add((id, await renderer.RenderAsync(component, parameters)));
        }

        return regions;
    }

    /// <summary>The builds tell whether there is such a repository.</summary>
    public async Task<IResult> RepositoryAsync(string repository, CancellationToken cancellationToken)
    {
        var builds = BuildFilter.IsRepository(repository)
            ? (await lists.ListAsync(new BuildFilter { Repository = repository }, RepositoryPage.Most, cancellationToken)).Builds
            : [];
        return builds.Count == 0
            ? new ProblemResult(404, "There is no build of a repository of this name.")
            : new PageResult<RepositoryPage>(new()
            {
                [nameof(RepositoryPage.Repository)] = builds[0].Request.Repository,
                [nameof(RepositoryPage.Builds)] = builds,
            });
    }

    private async Task<Estimate?> EstimateAsync(Build build, CancellationToken cancellationToken) => build.IsFinal
        ? null
        : Estimate.Of(await lists.SucceededAsync(build.Request.Repository, Estimate.Most, cancellationToken));
}
