using System.Globalization;
using Ci.Pipeline.Text;
using Ci.Web.Api;

namespace Ci.Web.Pages;

/// <summary>The messages that were given up.</summary>
internal static class DeadLettersPage
{
    public static Markup Render(DeadLettersView letters, DateTimeOffset now) => Layout.Page("Dead letters", "Dead letters", Markup.Of($"""
        <div class="head"><h1>Dead letters</h1><a class="button quiet refresh" href="{Paths.PoisonQueue}">Refresh</a></div>
        <p class="muted">Messages that were given up after several tries, or that nobody can read. Replaying one builds what it asked for, and removes it.</p>
        {Items(letters, now)}
        {More(letters)}
        """));

    private static Markup Items(DeadLettersView letters, DateTimeOffset now) => letters.Oldest.Count == 0
        ? Markup.Of($"<div class=\"empty\"><p>There is none.</p><p class=\"muted\">That is how it should be.</p></div>")
        : Markup.Of($"<ul class=\"letters\">{letters.Oldest.Select(letter => Item(letter, now))}</ul>");

    private static Markup Item(DeadLetterView letter, DateTimeOffset now) => Markup.Of($"""
        <li class="card"><div class="head"><h2>{Title(letter)}</h2>{Replay(letter)}</div>
        <p>{letter.Cause}</p>
        <p class="muted">{(letter.GivenUpAt is { } given ? Markup.Of($"Given up {Layout.Ago(given, now)}") : Markup.None)}{(letter.KeptUntil is { } kept && kept.Year < 9999 ? Markup.Of($", kept until {Format.Time(kept)}") : Markup.None)}</p>
        <details><summary>Its text</summary><pre tabindex="0" role="group" aria-label="Text of the message">{letter.Text}</pre></details></li>
        """);

    private static Markup Title(DeadLetterView letter) => letter.Build is { } build
        ? Markup.Of($"<a href=\"{Paths.Build(build.Id)}\"><bdi>{(build.Title.Length == 0 ? "(no title)" : build.Title)}</bdi></a> <span class=\"muted\">{build.Repository} #{build.PullRequest}</span>")
        : Markup.Of($"Message <span class=\"mono\">{letter.Id}</span>");

    // What cannot be read cannot be replayed either.
    private static Markup Replay(DeadLetterView letter) => letter.IsReadable
        ? Markup.Of($"""
            <form method="post" action="{Paths.PoisonQueue}/{Uri.EscapeDataString(letter.Id)}/replay"><button type="submit" aria-label="{$"Replay {letter.Build?.Title ?? letter.Id}"}">Replay</button></form>
            """)
        : Markup.Of($"<span class=\"tag\">cannot be read</span>");

    private static Markup More(DeadLettersView letters) => letters.Count > letters.Oldest.Count
        ? Markup.Of($"<p class=\"muted\">These are the oldest {letters.Oldest.Count} of about {letters.Count.ToString(CultureInfo.InvariantCulture)}.</p>")
        : Markup.None;
}
