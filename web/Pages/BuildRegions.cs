using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>The parts of a build's page that change while it is looked at; each has an id, by which the script replaces it.</summary>
internal static class BuildRegions
{
    /// <summary>All of them, by id, in the order of the page.</summary>
    public static IReadOnlyList<(string Id, Markup Html)> Of(Build build, Estimate? estimate, DateTimeOffset now) =>
    [
        ("state", State(build)),
        ("actions", Actions(build)),
        ("progress", Progress(build, estimate, now)),
        ("stages", Timeline.Render(build, now)),
        ("images", Images(build)),
        ("notes", Notes(build)),
    ];

    /// <summary>What is said aloud when it changes.</summary>
    public static string Announcement(Build build) => build.State == BuildState.Running && build.Stages is [.., var stage]
        ? $"Running: {stage.Name}"
        : $"{char.ToUpperInvariant(StateMark.Word(build.State)[0])}{StateMark.Word(build.State)[1..]}. {build.Summary}";

    private static Markup State(Build build) => Markup.Of($"""
        {StateMark.Of(build.State)}<p class="summary">{Sentence(build)}{Successor(build)}</p>
        """);

    // What says no more than the state does gives way to what does.
    private static string Sentence(Build build) => (build.State, build.Summary) switch
    {
        (BuildState.Running, "Running.") => build.Stages is [.., var stage] ? stage.Name + " …" : "A worker has it.",
        (BuildState.Queued, "Queued.") => "It waits for a free worker.",
        _ => build.Summary,
    };

    private static Markup Successor(Build build) => build.SupersededBy is { } id
        ? Markup.Of($" <a href=\"{Paths.Build(id)}\">See the build that took its place</a>.")
        : Markup.None;

    private static Markup Actions(Build build) => build.IsFinal
        ? build.State == BuildState.Superseded || build.Request.Purpose == BuildPurpose.Close ? Markup.None
            : Action(build, "rebuild", build.State == BuildState.Waiting ? "Approve and build" : "Rebuild")
        : Action(build, "cancel", "Cancel");

    private static Markup Action(Build build, string action, string text) => Markup.Of($"""
        <form method="post" action="{Paths.Build(build.Id)}/{action}"><button id="{action}" class="{action}{(build.State == BuildState.Succeeded ? " quiet" : "")}" type="submit">{text}</button></form>
        """);

    private static Markup Progress(Build build, Estimate? estimate, DateTimeOffset now)
    {
        if (build.IsFinal)
        {
            return Markup.None;
        }

        if (build.State != BuildState.Running || estimate is null || build.StartedAt is not { } start)
        {
            return Markup.Of($"<progress aria-label=\"Progress\"></progress>");
        }

        // It never says that it is done before it is.
        var share = Math.Clamp((now - start) / estimate.Time, 0, 0.97) * 100;
        var left = estimate.Time - (now - start);
        return Markup.Of($"""
            <progress aria-label="Progress" max="100" value="{share}" data-start="{Layout.Iso(start)}" data-estimate="{(long)estimate.Time.TotalMilliseconds}"></progress>
            <p class="muted"><span data-left>{(left > TimeSpan.FromSeconds(1) ? $"About {Format.Duration(TimeSpan.FromSeconds(Math.Ceiling(left.TotalSeconds)))} left" : "It takes longer than usual")}</span>; {Usual(estimate)}</p>
            """);
    }

    private static string Usual(Estimate estimate) => estimate.Builds == 1
        ? $"the build before took {Format.Duration(estimate.Time)}"
        : $"the {estimate.Builds.ToString(CultureInfo.InvariantCulture)} builds before took {Format.Duration(estimate.Time)} (median)";

    private static Markup Images(Build build) => build.Images.Count == 0 ? Markup.None : Markup.Of($"""
        <h2>{(build.Images.Count == 1 ? "Image" : "Images")}</h2>
        <ul class="images">{build.Images.Select(Image)}</ul>
        """);

    private static Markup Image(PushedImage image) => Markup.Of($"""
        <li class="card"><h3 class="mono">{image.Name}</h3>
        <p>{image.Tags.Select(tag => Markup.Of($"<span class=\"tag mono\">{tag}</span> "))}<span class="muted">{Format.Size(image.Size)} to download</span></p>
        <div class="copy"><code tabindex="0" role="group" aria-label="Command to pull it">docker pull {image.Reference}</code><button type="button" data-copy="{$"docker pull {image.Reference}"}" hidden>Copy</button></div>
        <div class="copy digest"><code tabindex="0" role="group" aria-label="Digest">{image.Digest}</code><button type="button" data-copy="{image.Digest}" aria-label="Copy the digest" hidden>Copy</button></div></li>
        """);

    private static Markup Notes(Build build)
    {
        var warnings = build.Warnings.Count == 0 ? Markup.None : Markup.Of($"""
            <div class="note warning"><h2>Warnings</h2><ul>{build.Warnings.Select(warning => Markup.Of($"<li>{warning}</li>"))}</ul></div>
            """);
        var tail = build.LogTail.Count == 0 ? Markup.None : Markup.Of($"""
            <div class="note {StateMark.Word(build.State)}"><h2>Last lines</h2><pre tabindex="0" role="group" aria-label="Last lines of the log">{string.Join('\n', build.LogTail)}</pre></div>
            """);
        return Markup.Of($"{warnings}{tail}");
    }
}
