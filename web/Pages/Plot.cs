using System.Globalization;
using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>A value at a time.</summary>
/// <param name="At">When.</param>
/// <param name="Value">How much.</param>
internal sealed record PlotPoint(DateTimeOffset At, double Value);

/// <summary>Draws values, oldest first, as a line in an SVG that the server makes.</summary>
internal static class Plot
{
    private const double Width = 420;
    private const double Height = 180;
    private const double Left = 76;
    private const double Right = 12;
    private const double Top = 12;
    private const double Bottom = 26;

    // The distances between lines that people count in.
    private static readonly double[] Seconds = [0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400];
    private static readonly double[] Sizes = [.. Enumerable.Range(0, 13).SelectMany(n => new[] { 1, 2, 5 }.Select(digit => digit * Math.Pow(10, n)))];

    /// <summary>How long builds took, in seconds.</summary>
    public static Markup OfDurations(IReadOnlyList<PlotPoint> points) =>
        Render("Duration", points, value => Format.Duration(TimeSpan.FromSeconds(value)), Seconds);

    /// <summary>How large images were, in bytes.</summary>
    public static Markup OfSizes(IReadOnlyList<PlotPoint> points) => Render("Size", points, value => Format.Size((long)value), Sizes);

    private static Markup Render(string title, IReadOnlyList<PlotPoint> points, Func<double, string> words, double[] steps)
    {
        var highest = points.Max(point => point.Value);
        var step = steps.FirstOrDefault(step => step * 4 >= highest, steps[^1]);
        var lines = Math.Max((int)Math.Ceiling(highest / step), 1);
        var most = step * lines;
        var sorted = points.Select(point => point.Value).Order().ToArray();
        var median = sorted[sorted.Length / 2];
        var count = points.Count.ToString(CultureInfo.InvariantCulture);
        var label = $"{title} of the last {count} images: median {words(median)}, from {words(sorted[0])} to {words(sorted[^1])}; the newest {words(points[^1].Value)}.";
        return Markup.Of($"""
            <figure class="card plot"><figcaption><h2>{title}</h2> <span class="muted">newest {words(points[^1].Value)} · median {words(median)}</span></figcaption>
            <svg viewBox="0 0 {Width} {Height}" role="img" aria-label="{label}">
            {Enumerable.Range(0, lines + 1).Select(line => Tick(step * line, most, words))}
            {Dates(points)}
            <polyline class="curve" points="{string.Join(' ', points.Select((point, i) => Pair(i, points.Count, point.Value, most)))}"/>
            {points.Select((point, i) => Dot(point, X(i, points.Count), Y(point.Value, most), words))}
            </svg></figure>
            """);
    }

    // Builds stand side by side, however long nobody built in between.
    private static double X(int index, int count) =>
        count == 1 ? (Left + Width - Right) / 2 : Left + 6 + (index * (Width - Left - Right - 12) / (count - 1));

    private static double Y(double value, double most) => Top + ((1 - (value / most)) * (Height - Top - Bottom));

    private static string Pair(int index, int count, double value, double most) =>
        string.Create(CultureInfo.InvariantCulture, $"{X(index, count):0.#},{Y(value, most):0.#}");

    private static Markup Tick(double value, double most, Func<double, string> words) => Markup.Of($"""
        <line class="grid" x1="{Left}" x2="{Width - Right}" y1="{Y(value, most)}" y2="{Y(value, most)}"/><text class="tick end" x="{Left - 8}" y="{Y(value, most) + 4}">{(value == 0 ? "0" : words(value).Replace(" min 0 s", " min", StringComparison.Ordinal).Replace(" h 0 min", " h", StringComparison.Ordinal))}</text>
        """);

    private static Markup Dates(IReadOnlyList<PlotPoint> points) => Markup.Of($"""
        <text class="tick" x="{Left}" y="{Height - 6}">{Date(points[0].At)}</text>{(points.Count > 1 ? Markup.Of($"<text class=\"tick end\" x=\"{Width - Right}\" y=\"{Height - 6}\">{Date(points[^1].At)}</text>") : Markup.None)}
        """);

    private static Markup Dot(PlotPoint point, double x, double y, Func<double, string> words) =>
        Markup.Of($"<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"3\"><title>{Format.Time(point.At)}: {words(point.Value)}</title></circle>");

    private static string Date(DateTimeOffset time) => time.UtcDateTime.ToString("d MMM yyyy", CultureInfo.InvariantCulture);
}
