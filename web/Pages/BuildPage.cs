using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>One build.</summary>
internal static class BuildPage
{
    /// <summary>The page. <paramref name="isEnded"/>: nothing more will come, so that the page need not listen.</summary>
    public static Markup Render(
        Build build, Estimate? estimate, LogView log, IReadOnlyList<LogSection> sections, bool showAll, bool isEnded, DateTimeOffset now)
    {
        var request = build.Request;
        var number = request.PullRequest.ToString(CultureInfo.InvariantCulture);
        var regions = BuildRegions.Of(build, estimate, now).ToDictionary(region => region.Id, region => region.Html);
        var title = request.Title.Length == 0 ? $"Pull request #{number}" : request.Title;
        return Layout.Page($"{StateMark.Word(build.State)}: {title} · {request.Repository} #{number}", "Build", Markup.Of($"""
            <nav class="crumbs" aria-label="Breadcrumb"><ol><li><a href="{Paths.Builds}">Builds</a></li><li><a href="{Paths.Repository(request.Repository)}">{request.Repository}</a></li><li><a href="{Paths.List(new BuildFilter { Repository = request.Repository, PullRequest = request.PullRequest })}">#{request.PullRequest}</a></li></ol></nav>
            <article id="build" data-build="{build.Id}" data-now="{Layout.Iso(now)}"{(isEnded ? Markup.None : Markup.Of($" data-events=\"{Paths.Build(build.Id)}/events?offset={log.Offset}\""))}>
            <div class="head"><h1><bdi>{title}</bdi></h1><div id="actions">{regions["actions"]}</div></div>
            <div id="state">{regions["state"]}</div>
            {Facts(build, now)}
            <div id="progress">{regions["progress"]}</div>
            <section aria-labelledby="stages-title"><h2 id="stages-title">Stages</h2><div id="stages">{regions["stages"]}</div></section>
            <div id="images">{regions["images"]}</div>
            <div id="notes">{regions["notes"]}</div>
            {Log(build, log, sections, showAll)}
            </article>
            """));
    }

    private static Markup Facts(Build build, DateTimeOffset now)
    {
        var request = build.Request;
        return Markup.Of($"""
            <dl class="facts">
            <div><dt>Pull request</dt><dd>{Layout.Out(request.Url, Markup.Of($"{request.Repository} #{request.PullRequest}"))} {BuildsPage.Purpose(request.Purpose)}</dd></div>
            <div><dt>Commit</dt><dd><span class="mono" title="{request.Commit}">{Format.Commit(request.Commit)}</span></dd></div>
            <div><dt>Branch</dt><dd><bdi class="mono">{request.HeadRef}</bdi> <span aria-label="into">→</span> <bdi class="mono">{request.BaseRef}</bdi></dd></div>
            <div><dt>Author</dt><dd><bdi>{request.Author}</bdi></dd></div>
            <div><dt>Queued</dt><dd>{Layout.Ago(request.QueuedAt, now)}</dd></div>
            {Attempts(build)}
            </dl>
            """);
    }

    private static Markup Attempts(Build build) =>
        build.Attempts > 1 ? Markup.Of($"<div><dt>Attempt</dt><dd>{build.Attempts}</dd></div>") : Markup.None;

    private static Markup Log(Build build, LogView log, IReadOnlyList<LogSection> sections, bool showAll) => Markup.Of($"""
        <section class="log" aria-labelledby="log-title">
        <div class="head"><h2 id="log-title">Log</h2>
        <div class="tools"><label data-live-only hidden><input type="checkbox" id="follow" checked> Follow</label>
        <button type="button" id="fold" class="quiet" aria-controls="log" hidden>Fold all</button>
        <a class="button quiet" href="{Paths.Build(build.Id)}/log">Plain text</a>
        <a class="button quiet" href="{Paths.Build(build.Id)}/log?download">Download</a>
        {(build.IsFinal ? Markup.None : Markup.Of($"<a class=\"button quiet refresh\" href=\"{Paths.Build(build.Id)}\">Refresh</a>"))}</div></div>
        {Left(build, log, showAll)}
        <div id="log" class="sections" role="group" aria-label="Lines of the log" tabindex="0" data-lines="{log.Lines}">{LogView.Of(sections, log.Lines, showAll)}</div>
        <p id="log-empty" class="muted"{(log.Lines > 0 ? Markup.Of($" hidden") : Markup.None)}>{(build.IsFinal ? "There is no log." : "There is no log yet; it begins when a worker takes the build.")}</p>
        </section>
        """);

    private static Markup Left(Build build, LogView log, bool showAll) => showAll || log.Lines <= LogView.MostLines
        ? Markup.None
        : Markup.Of($"<p class=\"muted\">These are the last {LogView.MostLines} of {log.Lines} lines. <a id=\"whole\" href=\"{Paths.Build(build.Id)}?log=all\">Show all of it</a></p>");
}
