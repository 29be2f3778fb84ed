using System.Globalization;
using Ci.Pipeline.Builds.Storage;

namespace Ci.Web.Pages;

/// <summary>What came from GitHub, and what was decided about it.</summary>
public static class DeliveriesPage
{
    /// <summary>The page's entry in the navigation.</summary>
    public const string Name = "Deliveries";

    /// <summary>The newest entries; <paramref name="repository"/> and <paramref name="pull"/> when they are one pull request's.</summary>
    public static Page Render(IReadOnlyList<DeliveryLogEntry> entries, string? repository, int? pull, DateTimeOffset now) => new(Layout.Page(Name, Name, Markup.Of($"""
        <div class="head"><h1>Deliveries{(pull is null ? Markup.None : Markup.Of($" <span class=\"muted\">{repository} #{Number(pull.Value)}</span>"))}</h1></div>
        <p class="muted">What came from GitHub, and what was decided about it. The GUID is the one in GitHub's Recent deliveries.</p>
        {Items(entries, now)}
        """)));

    private static Markup Items(IReadOnlyList<DeliveryLogEntry> entries, DateTimeOffset now) => entries.Count == 0
        ? Markup.Of($"<div class=\"empty\"><p>There is none.</p><p class=\"muted\">GitHub sends a ping when a webhook is made.</p></div>")
        : Markup.Of($"<ul class=\"letters\">{entries.Select(entry => Item(entry, now))}</ul>");

    private static Markup Item(DeliveryLogEntry entry, DateTimeOffset now) => Markup.Of($"""
        <li class="card"><div class="head"><h2>{Verdict(entry)}</h2><span class="tag">{Number(entry.Status)}</span></div>{Build(entry)}
        <p class="muted">{entry.Event}{Pull(entry)}, {Layout.Ago(entry.At, now)} <span class="mono">{entry.Delivery}</span></p></li>
        """);

    private static Markup Verdict(DeliveryLogEntry entry) => entry.BuildId is { } id
        ? Markup.Of($"<a href=\"{Paths.Build(id)}\">{entry.Verdict}</a>")
        : Markup.Of($"{entry.Verdict}");

    private static Markup Build(DeliveryLogEntry entry) => entry.Build is { } build
        ? Markup.Of($"<p>{StateMark.Of(build.State)} {build.Summary}</p>")
        : Markup.None;

    private static Markup Pull(DeliveryLogEntry entry) => entry is { Repository: { } repository, PullRequest: { } number }
        ? Markup.Of($" of <a href=\"{$"{Paths.Deliveries}?repository={Uri.EscapeDataString(repository)}&pull={Number(number)}"}\">{repository} #{Number(number)}</a>")
        : Markup.None;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
