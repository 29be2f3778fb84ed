using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>The list of builds.</summary>
internal static class BuildsPage
{
    public static Markup Render(BuildFilter filter, BuildListPart part, IReadOnlyList<string> repositories, DateTimeOffset now)
    {
        var title = filter switch
        {
            { Repository: { } repository, PullRequest: { } number } => $"Builds of {repository} #{number.ToString(CultureInfo.InvariantCulture)}",
            { Repository: { } repository } => $"Builds of {repository}",
            _ => "Builds",
        };
        return Layout.Page(title, "Builds", Markup.Of($"""
            <div class="head"><h1>{title}</h1>{RepositoryLink(filter)}</div>
            {Form(filter, repositories)}
            <section id="list" aria-label="Builds, newest first" data-live="list">{Items(filter, part, now)}</section>
            <nav class="pages" aria-label="Further builds">{Newest(filter)}{Older(filter, part)}<a class="refresh" href="{Paths.List(filter)}">Refresh</a></nav>
            """));
    }

    private static Markup RepositoryLink(BuildFilter filter) => filter.Repository is { } repository
        ? Markup.Of($"<a class=\"button quiet\" href=\"{Paths.Repository(repository)}\">Durations and sizes</a>")
        : Markup.None;

    private static Markup Form(BuildFilter filter, IReadOnlyList<string> repositories) => Markup.Of($"""
        <form class="filter" method="get" action="{Paths.Builds}" role="search" aria-label="Builds">
        <label>Repository
        <input name="repository" value="{filter.Repository}" placeholder="owner/name" list="repositories" autocomplete="off" autocapitalize="none" spellcheck="false"></label>
        <datalist id="repositories">{repositories.Select(name => Markup.Of($"<option value=\"{name}\">"))}</datalist>
        <label>Pull request
        <input name="pull" value="{filter.PullRequest?.ToString(CultureInfo.InvariantCulture)}" placeholder="#" inputmode="numeric" size="6" autocomplete="off"></label>
        <label>State
        <select name="state"><option value="">any</option>{Enum.GetValues<BuildState>().Select(state => Option(filter, state))}</select></label>
        <button type="submit">Show</button>{Clear(filter)}
        </form>
        """);

    private static Markup Option(BuildFilter filter, BuildState state) => Markup.Of(
        $"<option value=\"{StateMark.Word(state)}\"{(filter.State == state ? Markup.Of($" selected") : Markup.None)}>{StateMark.Word(state)}</option>");

    private static Markup Clear(BuildFilter filter) =>
        filter.IsFiltered ? Markup.Of($"<a class=\"button quiet\" href=\"{Paths.Builds}\">Clear</a>") : Markup.None;

    private static Markup Items(BuildFilter filter, BuildListPart part, DateTimeOffset now) => part.Builds.Count > 0
        ? Markup.Of($"<ul class=\"builds\">{part.Builds.Select(build => Item(build, now))}</ul>")
        : Markup.Of($"""
            <div class="empty"><p>{(filter.IsFiltered ? "No build is like that." : "There is no build yet.")}</p>
            <p class="muted">{(filter.IsFiltered ? "Try fewer conditions." : "Open a pull request in a repository whose webhook leads here; its build appears by itself.")}</p></div>
            """);

    /// <summary>A build in a list.</summary>
    public static Markup Item(Build build, DateTimeOffset now)
    {
        var request = build.Request;
        return Markup.Of($"""
            <li class="build">
            {StateMark.Of(build.State)}
            <div class="main"><a class="title" href="{Paths.Build(build.Id)}"><bdi>{(request.Title.Length == 0 ? "(no title)" : request.Title)}</bdi></a>
            <p class="muted meta"><a href="{Paths.List(new BuildFilter { Repository = request.Repository })}">{request.Repository}</a>
            <a href="{Paths.List(new BuildFilter { Repository = request.Repository, PullRequest = request.PullRequest })}" aria-label="{$"Builds of pull request {request.PullRequest}"}">#{request.PullRequest}</a>
            <span class="mono">{Format.Commit(request.Commit)}</span> {Purpose(request.Purpose)}</p></div>
            <div class="image">{Image(build)}</div>
            <div class="when muted">{Layout.Ago(request.QueuedAt, now)}{Duration(build, now)}</div>
            </li>
            """);
    }

    /// <summary>What a build is for, if it is not for an open pull request.</summary>
    public static Markup Purpose(BuildPurpose purpose) => purpose switch
    {
        BuildPurpose.Merge => Markup.Of($"<span class=\"tag\">merge</span>"),
        BuildPurpose.Close => Markup.Of($"<span class=\"tag\">closed</span>"),
        _ => Markup.None,
    };

    private static Markup Image(Build build) => build.Images switch
    {
        [] => Markup.None,
        [var one] => Markup.Of($"<span class=\"mono\">{one.Name}:{one.Tags[0]}</span> <span class=\"muted\">{Format.Size(one.Size)}</span>"),
        [var first, ..] => Markup.Of($"<span class=\"mono\">{first.Name}:{first.Tags[0]}</span> <span class=\"muted\">and {build.Images.Count - 1} more</span>"),
    };

    private static Markup Duration(Build build, DateTimeOffset now) => build switch
    {
        { State: BuildState.Running, StartedAt: { } start } => Markup.Of($"<span class=\"took\" data-since=\"{Layout.Iso(start)}\">{Format.Duration(now - start)}</span>"),
        { StartedAt: { } start, FinishedAt: { } end } when end >= start => Markup.Of($"<span class=\"took\">{Format.Duration(end - start)}</span>"),
        _ => Markup.None,
    };

    private static Markup Newest(BuildFilter filter) =>
        filter.Before is null ? Markup.None : Markup.Of($"<a href=\"{Paths.List(filter with { Before = null })}\">← Newest</a>");

    private static Markup Older(BuildFilter filter, BuildListPart part) =>
        part.Older is null ? Markup.None : Markup.Of($"<a rel=\"next\" href=\"{Paths.List(filter with { Before = part.Older })}\">Older →</a>");
}
