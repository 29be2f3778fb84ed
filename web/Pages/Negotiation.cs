using System.Globalization;

namespace Ci.Web.Pages;

/// <summary>RFC 9110, section 12.5.1, as far as two types need it.</summary>
public static class Negotiation
{
    /// <summary>Curl's <c>*/*</c> names no HTML, so that programs that say nothing get JSON.</summary>
    public static bool PrefersHtml(string? accept)
    {
        var (html, json) = ((Quality: 0m, Place: int.MaxValue), (Quality: 0m, Place: int.MaxValue));
        var place = 0;
        foreach (var entry in (accept ?? "").Split(','))
        {
            var parts = entry.Split(';', StringSplitOptions.TrimEntries);
            var quality = parts.Skip(1)
                .Where(parameter => parameter.StartsWith("q=", StringComparison.OrdinalIgnoreCase))
                .Select(parameter => Quality(parameter[2..]))
                .FirstOrDefault(1m);
            switch (parts[0].ToLowerInvariant())
            {
                case "text/html" or "application/xhtml+xml":
                    html = quality > html.Quality ? (quality, place) : html;
                    break;
                case "application/json" or "application/*":
                    json = quality > json.Quality ? (quality, place) : json;
                    break;
            }

            place++;
        }

        return html.Quality > json.Quality || (html.Quality > 0 && html.Quality == json.Quality && html.Place < json.Place);
    }

    public static bool IsForm(string? contentType, string? accept) =>
        contentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) == true && PrefersHtml(accept);

    private static decimal Quality(string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var quality)
            ? Math.Clamp(quality, 0, 1)
            : 0;
}
