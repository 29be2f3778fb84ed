using Ci.Pipeline.Builds;
using Ci.Web.Api;

namespace Ci.Web.Pages;

/// <summary>How the host is, part by part.</summary>
public static class HealthPage
{
    /// <summary>The page's entry in the navigation.</summary>
    public const string Name = "Health";

    /// <summary>The page; its status says whether builds can run.</summary>
    public static Page Render(HealthView health) => new(
        Layout.Page(Name, Name, Markup.Of($"""
            <div class="head"><h1>{(health.CanBuild ? "Builds can run" : "Builds cannot run")}</h1></div>
            <ul class="letters">{health.Parts.Select(Item)}</ul>
            {(health.Parts.Any(part => part.Says is not null) ? Markup.None : Markup.Of($"<p class=\"muted\"><a href=\"/api/sign-in\">Sign in</a> to see what each part says.</p>"))}
            """)),
        health.CanBuild ? 200 : 503);

    private static Markup Item(HealthPart part) => Markup.Of($"""
        <li class="card"><div class="head"><h2>{part.Name}</h2><span class="state {StateMark.Word(Like(part.State))}">{StateMark.Shape(Like(part.State))}{part.State.ToString().ToLowerInvariant()}</span></div>
        {(part.Says is { } says ? Markup.Of($"<p>{says}</p>") : Markup.None)}</li>
        """);

    // The shapes and colours that builds have.
    private static BuildState Like(PartState state) => state switch
    {
        PartState.Ok => BuildState.Succeeded,
        PartState.Warning => BuildState.Waiting,
        PartState.Failing => BuildState.Error,
        _ => BuildState.Cancelled,
    };
}
