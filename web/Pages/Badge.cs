using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Text;
using Microsoft.Extensions.Options;

namespace Ci.Web.Pages;

public sealed record Badge(string Svg)
{
    /// <summary>Long enough for a page that many look at, short enough to be true.</summary>
    public const string CacheControl = "public, max-age=60";

    public string ETag => $"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Svg)))[..16]}\"";

    /// <summary>Shown of every repository of which nothing is to be said.</summary>
    public static Badge Unknown { get; } = Of("unknown", "#57606a");

    /// <summary><paramref name="allMerges"/> is newest first.</summary>
    public static Badge Of(Build? newest, IReadOnlyList<Build> allMerges)
    {
        // A repository may have become private since it was named; and of one that nobody knows to be public nothing is said.
        if (newest is not { Request: { IsPrivate: false, DefaultBranch: { } branch } })
        {
            return Unknown;
        }

        var merges = allMerges.Where(merge => merge.Request.BaseRef == branch).ToList();
        if (merges.Count == 0)
        {
            return Unknown;
        }

        var version = merges.FirstOrDefault(build => build is { State: BuildState.Succeeded, Images.Count: > 0 })?.Images[0].Tags
            .FirstOrDefault(tag => tag != "latest" && !tag.StartsWith("sha-", StringComparison.Ordinal));
        var (word, colour) = merges[0].State switch
        {
            BuildState.Succeeded => (version is null ? "succeeded" : "", "#18713c"),
            BuildState.Queued or BuildState.Running => ("building", "#1f5fbf"),
            BuildState.Failed => ("failed", "#b3261e"),
            BuildState.Error => ("error", "#8a4b00"),
            var other => (Format.Word(other), "#57606a"),
        };
        return Of(string.Join(" · ", new[] { version ?? "", word }.Where(part => part.Length > 0)), colour);
    }

    private static Badge Of(string text, string colour)
    {
        const string label = "image";
        var (left, right) = (Space(label), Space(text));
        return new Badge(Markup.Of($"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{label}: {text}">
            <title>{label}: {text}</title>
            <clipPath id="r"><rect width="{left + right}" height="20" rx="4"/></clipPath>
            <g clip-path="url(#r)">
            <rect width="{left}" height="20" fill="#32383f"/>
            <rect x="{left}" width="{right}" height="20" fill="{colour}"/>
            </g>
            <g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11" text-anchor="middle">
            <text x="{left / 2.0}" y="14" textLength="{left - 12}">{label}</text>
            <text x="{left + (right / 2.0)}" y="14" textLength="{right - 12}">{text}</text>
            </g>
            </svg>
            """).ToString());
    }

    // Every font is another; the text is fitted to what Verdana's letters take at this size.
    private static long Space(string text) => 12 + (long)Math.Ceiling(text.Sum(c => c switch
    {
        'i' or 'l' or '.' or ' ' or '·' or 't' or 'f' or 'r' or '1' or '-' => 4.7,
        'm' or 'w' => 9.5,
        _ => 7.1,
    }));
}

/// <summary>A repository that is not shown to everybody is not even looked up: the time of the answer would tell that it exists.</summary>
public sealed class Badges(BuildLists lists, IOptions<ReportOptions> options)
{
    // Merges into other branches stand between those into the default one.
    private const int Looked = 100;
    private const int Newest = 20;

    private readonly Regex[] _public =
    [
        .. options.Value.PublicBadges.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(pattern => Regex.Escape(pattern).Replace(@"\*", "[^/]*", StringComparison.Ordinal))
            .Select(pattern => new Regex($"^{pattern}$", RegexOptions.IgnoreCase)),
    ];

    public async Task<Badge> OfAsync(string repository, CancellationToken cancellationToken)
    {
        if (!_public.Any(pattern => pattern.IsMatch(repository)) || !BuildFilter.IsRepository(repository))
        {
            return Badge.Unknown;
        }

        var newest = await lists.ListAsync(new BuildFilter { Repository = repository }, Newest, cancellationToken);
        // What was built again is new, and what it knows is old.
        return Badge.Of(
            newest.Builds.MaxBy(build => build.Request.UpdatedAt),
            await lists.MergesAsync(repository, Looked, cancellationToken));
    }
}
