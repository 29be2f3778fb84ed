using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>A page and the status that it is sent with.</summary>
/// <param name="Html">The page.</param>
/// <param name="Status">The HTTP status.</param>
public sealed record Page(Markup Html, int Status = 200);

/// <summary>What all pages have around their content.</summary>
internal static class Layout
{
    /// <summary>A whole page. <paramref name="here"/> is the entry of the navigation that it belongs to.</summary>
    public static Markup Page(string title, string here, Markup body) => Markup.Of($"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="robots" content="noindex">
        <meta name="referrer" content="no-referrer">
        <title>{title}</title>
        <link rel="icon" href="{PageAssets.Icon.Url}" type="image/svg+xml">
        <link rel="stylesheet" href="{PageAssets.Style.Url}">
        <script src="{PageAssets.Script.Url}" defer></script>
        </head>
        <body>
        <a class="skip" href="#content">Skip to content</a>
        <header class="top">
        <div class="wide">
        <a class="brand" href="/api/builds">{Brand}<span>Pull request <span class="arrow" aria-hidden="true">→</span> image</span></a>
        <nav aria-label="Main"><ul>{Entry("/api/builds", "Builds", here)}{Entry(Paths.Deliveries, DeliveriesPage.Name, here)}{Entry("/api/dead-letters", "Dead letters", here)}{Entry("/api/health", HealthPage.Name, here)}</ul></nav>
        </div>
        </header>
        <main id="content" class="wide" tabindex="-1">
        {body}
        </main>
        <p id="announce" class="unseen" role="status"></p>
        </body>
        </html>

        """);

    /// <summary>A moment, as how long it is ago; the script keeps it up and says the local time.</summary>
    public static Markup Ago(DateTimeOffset moment, DateTimeOffset now) =>
        Markup.Of($"<time datetime=\"{Iso(moment)}\" title=\"{Format.Time(moment)}\" data-ago>{Format.Ago(now - moment)}</time>");

    /// <summary>A moment for programs.</summary>
    public static string Iso(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A link out, if the address is one of the web; otherwise the text alone.</summary>
    public static Markup Out(string url, Markup text) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "https" or "http"
            ? Markup.Of($"<a href=\"{url}\" rel=\"noreferrer\">{text}</a>")
            : text;

    private static Markup Brand => Markup.Of($"""
        <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false"><rect class="hull" x="2" y="2" width="20" height="20" rx="6"/><path class="way" d="M8 7v7.5a2.5 2.5 0 0 0 2.5 2.5H16m-2.6-2.8L16.2 17l-2.8 2.8"/><circle class="way" cx="8" cy="6" r="1.6"/></svg>
        """);

    private static Markup Entry(string url, string text, string here) => text == here
        ? Markup.Of($"<li><a href=\"{url}\" aria-current=\"page\">{text}</a></li>")
        : Markup.Of($"<li><a href=\"{url}\">{text}</a></li>");
}
