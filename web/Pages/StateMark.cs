using Ci.Pipeline.Builds;

namespace Ci.Web.Pages;

/// <summary>A build's state as people see it: a colour, a shape and a word, each enough by itself.</summary>
internal static class StateMark
{
    /// <summary>The word.</summary>
    public static string Word(BuildState state) => state.ToString().ToLowerInvariant();

    /// <summary>Shape and word.</summary>
    public static Markup Of(BuildState state) =>
        Markup.Of($"<span class=\"state {Word(state)}\">{Shape(state)}{Word(state)}</span>");

    /// <summary>The shape alone, for places that have the word in their text.</summary>
    public static Markup Shape(BuildState state) => Markup.Of($"""
        <svg class="shape {Word(state)}" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">{Paths(state)}</svg>
        """);

    private static Markup Paths(BuildState state) => state switch
    {
        BuildState.Queued => Markup.Of($"""<circle class="line" cx="8" cy="8" r="6" stroke-dasharray="2.4 2.31"/>"""),
        BuildState.Running => Markup.Of($"""<circle class="line faint" cx="8" cy="8" r="6"/><path class="line turning" d="M8 2a6 6 0 0 1 6 6"/>"""),
        BuildState.Succeeded => Markup.Of($"""<circle class="full" cx="8" cy="8" r="7"/><path class="sign" d="M4.8 8.3l2.2 2.2 4.2-4.6"/>"""),
        BuildState.Failed => Markup.Of($"""<path class="full" d="M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z"/><path class="sign" d="M5.6 5.6l4.8 4.8m0-4.8l-4.8 4.8"/>"""),
        BuildState.Error => Markup.Of($"""<path class="full" d="M8 1.3 15.4 14.5H.6z"/><path class="sign" d="M8 6v3.9m0 1.9v.1"/>"""),
        BuildState.Waiting => Markup.Of($"""<circle class="line" cx="8" cy="8" r="6"/><path class="line" d="M6.3 5.2v5.6m3.4-5.6v5.6"/>"""),
        BuildState.Superseded => Markup.Of($"""<rect class="line" x="2" y="2" width="12" height="12" rx="3"/><path class="line" d="M5 8h5.5M8.3 5.5 10.8 8l-2.5 2.5"/>"""),
        _ => Markup.Of($"""<circle class="line" cx="8" cy="8" r="6"/><path class="line" d="M3.9 12.1 12.1 3.9"/>"""),
    };
}
