using System.Formats.Tar;
using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source.Context;

namespace Ci.Pipeline.Source.Tree;

/// <summary>A commit's files as they were listed, to be found by their paths.</summary>
internal sealed class ListedFiles
{
    private readonly Dictionary<string, int> _places;

    private ListedFiles(ContentIndex index, Dictionary<string, int> places)
    {
        Index = index;
        _places = places;
    }

    public ContentIndex Index { get; }

    /// <summary>Takes files over that are those of a tree: each once, and in a folder that is there too.</summary>
    /// <exception cref="NotListedException">They are not, or are too many.</exception>
    public static ListedFiles Of(ContentIndex index)
    {
        var places = new Dictionary<string, int>(index.Files.Count, StringComparer.Ordinal);
        var areApart = index.Files.Select((file, place) => places.TryAdd(file.Path, place)).All(isNew => isNew);
        return !index.IsFull && areApart && index.Files.All(file => IsInFolder(file.Path, index, places))
            ? new(index, places)
            : throw new NotListedException("its list is too long, or is not that of a tree");
    }

    /// <summary>Which of them an entry of the commit's archive is.</summary>
    /// <exception cref="SourceUnavailableException">It is none of them, or is something else there.</exception>
    public int PlaceOf(TarEntry entry, string path) =>
        _places.TryGetValue(path, out var place) && Index.Files[place] is { } file
        && file.Kind == ContentIndex.KindOf(entry) && file.Length == entry.Length && file.LinkTarget == entry.LinkName
            ? place
            : throw Differs(path);

    /// <summary>What is thrown when GitHub lists one thing and sends another; the next try takes what it sends, and lists nothing.</summary>
    public static SourceUnavailableException Differs(string path) =>
        new($"GitHub's archive of the commit is not what GitHub listed: '{(path.Length > 200 ? path[..200] + "…" : path)}' is otherwise in it.");

    private static bool IsInFolder(string path, ContentIndex index, Dictionary<string, int> places) =>
        path.LastIndexOf('/') is var slash
        && (slash < 0 || (places.TryGetValue(path[..slash], out var folder) && index.Files[folder].Kind == IndexedKind.Folder));
}
