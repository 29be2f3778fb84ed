using Ci.Pipeline.Builds;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Reporting.Comments;

/// <summary>A pushed image beside the one that its base branch has.</summary>
/// <param name="Image">What was pushed.</param>
/// <param name="Now">What it is; null when the registry does not say.</param>
/// <param name="Before">What <see cref="BaseTag"/> is; null when there is none.</param>
public sealed record ImageDifference(PushedImage Image, ImageConfig? Now, ImageConfig? Before)
{
    /// <summary>The tag that a merge moves.</summary>
    public const string BaseTag = "latest";

    private const int Most = 20;

    /// <summary>How much larger it is, in bytes; null when there is nothing to compare it with.</summary>
    public long? Growth => Now is not null && Before is not null ? Now.Size - Before.Size : null;

    /// <summary>What differs, a line of Markdown each.</summary>
    public IReadOnlyList<string> Lines()
    {
        if (Now is null || Before is null)
        {
            return [];
        }

        var known = Before.Layers.Select(layer => layer.Digest).ToHashSet(StringComparer.Ordinal);
        var kept = Now.Layers.Select(layer => layer.Digest).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. Now.Layers.Where(layer => known.Contains(layer.Digest)).ToList() is { Count: > 0 } same
                ? [$"{same.Count} of {Now.Layers.Count} layers are the same ({Format.Size(same.Sum(layer => layer.Size))})"]
                : Array.Empty<string>(),
            .. Cut(Before.Layers.Where(layer => !kept.Contains(layer.Digest)).Select(layer => "layer gone: " + Shown(layer))),
            .. Cut(Now.Layers.Where(layer => !known.Contains(layer.Digest)).Select(layer => "layer new: " + Shown(layer))),
            .. Cut(Listed("ENV", Before.Env, Now.Env)),
            .. Cut(Listed("EXPOSE", Before.Ports, Now.Ports)),
            .. Changed("USER", Before.User, Now.User),
            .. Changed("ENTRYPOINT", Before.Entrypoint, Now.Entrypoint),
            .. Changed("CMD", Before.Command, Now.Command),
        ];
    }

    private static string Shown(ImageLayer layer) =>
        $"{Format.Size(layer.Size)}, {CommentMarkdown.Code(layer.CreatedBy.Length > 0 ? layer.CreatedBy : Format.Digest(layer.Digest))}";

    private static IEnumerable<string> Listed(string name, IReadOnlyList<string> before, IReadOnlyList<string> now) =>
        [
            .. before.Except(now).Select(item => $"{name} gone: {CommentMarkdown.Code(item)}"),
            .. now.Except(before).Select(item => $"{name} new: {CommentMarkdown.Code(item)}"),
        ];

    private static IEnumerable<string> Changed(string name, string before, string now) =>
        before == now ? [] : [$"{name} is {CommentMarkdown.Code(now)}, was {CommentMarkdown.Code(before)}"];

    private static List<string> Cut(IEnumerable<string> lines)
    {
        var all = lines.ToList();
        return all.Count <= Most ? all : [.. all.Take(Most), $"and {all.Count - Most} more"];
    }
}
