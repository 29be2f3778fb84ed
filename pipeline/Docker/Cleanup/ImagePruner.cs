using Docker.DotNet.Models;

namespace Ci.Pipeline.Docker.Cleanup;

/// <summary>What the engine keeps of builds as the next one's cache: images without a name that have our label, and those without
/// a name that they were made upon, which have none when the classic builder made them.</summary>
internal sealed class ImagePruner
{
    private readonly Dictionary<string, ImagesListResponse> _all;
    private readonly Dictionary<string, int> _children;

    /// <param name="all">All images of the engine.</param>
    /// <param name="labelled">The ids of those that have our label.</param>
    public ImagePruner(IEnumerable<ImagesListResponse> all, IReadOnlySet<string> labelled)
    {
        _all = all.ToDictionary(image => image.ID, StringComparer.Ordinal);
        var children = _all.Values.Where(image => image.ParentID is { Length: > 0 });
        _children = children.CountBy(image => image.ParentID).ToDictionary(StringComparer.Ordinal);
        Last = [.. _all.Values.Where(image => labelled.Contains(image.ID) && IsUnnamed(image) && !_children.ContainsKey(image.ID))];
    }

    public IReadOnlyList<ImagesListResponse> Last { get; }

    /// <summary>Whether an image has no name. A digest is one, too, which a pull or a push gives.</summary>
    public static bool IsUnnamed(ImagesListResponse image) =>
        image.RepoTags is null or { Count: 0 } or ["<none>:<none>"] && image.RepoDigests is null or { Count: 0 } or ["<none>@<none>"];

    /// <summary>Chooses those of <see cref="Last"/> that are to go, the one first that was used longest ago.</summary>
    /// <param name="used">When each was used last.</param>
    /// <param name="since">Those used before are too old.</param>
    /// <param name="maxBytes">What may be left of all together.</param>
    public IReadOnlyList<string> Choose(IReadOnlyDictionary<string, DateTimeOffset> used, DateTimeOffset since, long maxBytes)
    {
        var taken = Last.SelectMany(Chain).DistinctBy(image => image.ID).Sum(Own);
        var chosen = new List<string>();
        foreach (var image in Last.OrderBy(image => used[image.ID]))
        {
            if (used[image.ID] < since || taken > maxBytes)
            {
                chosen.Add(image.ID);
                taken -= Goes(image).Sum(Own);
            }
        }

        return chosen;
    }

    /// <summary>What the engine removes with an image: itself, and those below that have no name and carry nothing else.</summary>
    private IEnumerable<ImagesListResponse> Goes(ImagesListResponse image)
    {
        foreach (var one in Chain(image))
        {
            if (_children.GetValueOrDefault(one.ID) > 0)
            {
                break;
            }

            yield return one;
            if (one.ParentID is { Length: > 0 } parent)
            {
                _children[parent]--;
            }
        }
    }

    private IEnumerable<ImagesListResponse> Chain(ImagesListResponse last)
    {
        for (var image = last; image is not null && IsUnnamed(image); image = _all.GetValueOrDefault(image.ParentID ?? ""))
        {
            yield return image;
        }
    }

    // An image's size counts its parents'; what it takes itself is what it has more.
    private long Own(ImagesListResponse image) => image.Size - (_all.GetValueOrDefault(image.ParentID ?? "")?.Size ?? 0);
}
