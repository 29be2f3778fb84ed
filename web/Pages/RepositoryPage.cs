using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>A repository: how long its builds took, how large its images were, and the newest builds.</summary>
internal static class RepositoryPage
{
    /// <summary>How many builds are looked at.</summary>
    public const int Most = 200;

    private const int Listed = 10;

    public static Markup Render(string repository, IReadOnlyList<Build> builds, DateTimeOffset now)
    {
        // Oldest first, as time goes.
        var pushed = builds.Where(build => build is { State: BuildState.Succeeded, Images.Count: > 0 }).Reverse().ToArray();
        return Layout.Page(repository, "Repository", Markup.Of($"""
            <nav class="crumbs" aria-label="Breadcrumb"><ol><li><a href="{Paths.Builds}">Builds</a></li><li aria-current="page">{repository}</li></ol></nav>
            <div class="head"><h1>{repository}</h1><a class="button quiet" href="{Paths.List(new BuildFilter { Repository = repository })}">All its builds</a></div>
            {Plots(pushed)}
            <section aria-labelledby="newest"><h2 id="newest">Newest builds</h2><ul class="builds">{builds.Take(Listed).Select(build => BuildsPage.Item(build, now))}</ul></section>
            """));
    }

    private static Markup Plots(Build[] pushed)
    {
        if (pushed.Length == 0)
        {
            return Markup.Of($"<div class=\"empty\"><p>No image has been pushed yet.</p></div>");
        }

        var durations = pushed.Select(build => new PlotPoint(build.Request.QueuedAt, Estimate.TimeOf(build)?.TotalSeconds ?? 0)).ToArray();
        var sizes = pushed.Select(build => new PlotPoint(build.Request.QueuedAt, build.Images.Sum(image => (double)image.Size))).ToArray();
        return Markup.Of($"""
            <div class="plots">
            {Plot.OfDurations(durations)}
            {Plot.OfSizes(sizes)}
            </div>
            <details class="data"><summary>The numbers</summary>
            <div class="scroll" tabindex="0" role="region" aria-label="The numbers"><table><thead><tr><th scope="col">Build</th><th scope="col">When</th><th scope="col">Duration</th><th scope="col">Size</th></tr></thead>
            <tbody>{pushed.Reverse().Select(Row)}</tbody></table></div></details>
            """);
    }

    private static Markup Row(Build build) => Markup.Of($"""
        <tr><td><a href="{Paths.Build(build.Id)}"><bdi>{build.Request.Title}</bdi> #{build.Request.PullRequest}</a></td><td>{Format.Time(build.Request.QueuedAt)}</td><td>{Format.Duration(Estimate.TimeOf(build) ?? TimeSpan.Zero)}</td><td>{Format.Size(build.Images.Sum(image => image.Size))}</td></tr>
        """);
}
