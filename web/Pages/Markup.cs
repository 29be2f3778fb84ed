using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Ci.Web.Pages;

/// <summary>HTML that code writes: the literal parts of an interpolated string are markup, the holes are text, which is escaped.
/// Only another <see cref="Markup"/> goes into a hole as it is. There is no other way to make one.</summary>
public readonly record struct Markup
{
    private readonly string? _html;

    private Markup(string html) => _html = html;

    public static Markup None => default;

    public static Markup Of(MarkupText text) => new(text.Html());

    public static Markup Join(IEnumerable<Markup> parts)
    {
        var html = new StringBuilder();
        foreach (var part in parts)
        {
            html.Append(part._html);
        }

        return new Markup(html.ToString());
    }

    public override string ToString() => _html ?? "";

    /// <summary>For an element or a quoted attribute.</summary>
    internal static string Escape(string text)
    {
        // Characters that HTML does not have would be errors of the page, whoever wrote them.
        var clean = text.Any(IsForbidden) ? string.Concat(text.Where(c => !IsForbidden(c))) : text;
        return WebUtility.HtmlEncode(clean);
    }

    private static bool IsForbidden(char c) => char.IsControl(c) && c is not ('\t' or '\n');
}

/// <summary>What the compiler makes of an interpolated string that is to be <see cref="Markup"/>.</summary>
[InterpolatedStringHandler]
public readonly ref struct MarkupText
{
    private readonly StringBuilder _html;

    public MarkupText(int literalLength, int formattedCount) => _html = new StringBuilder(literalLength + (formattedCount * 16));

    /// <summary>What our code wrote: markup.</summary>
    public void AppendLiteral(string markup) => _html.Append(markup);

    /// <summary>Text from anywhere: escaped.</summary>
    public void AppendFormatted(string? text) => _html.Append(Markup.Escape(text ?? ""));

    public void AppendFormatted(Markup markup) => _html.Append(markup);

    public void AppendFormatted(long number) => _html.Append(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>A number with one digit behind the point: a coordinate.</summary>
    public void AppendFormatted(double number) => _html.Append(number.ToString("0.#", CultureInfo.InvariantCulture));

    internal string Html() => _html.ToString();
}
