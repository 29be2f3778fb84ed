namespace Ci.BuildKit.Files;

/// <summary>The list of a context's files as BuildKit's receiver wants it: each folder before what is in it, and within a folder
/// by the names' bytes (Validator in github.com/tonistiigi/fsutil).</summary>
internal static class ContextList
{
    private const UnixFileMode FolderMode = (UnixFileMode)0b111_101_101;

    /// <summary>The files that are asked for, and the folders that they are in.</summary>
    public static IReadOnlyList<ContextFile> Of(ContextSource source, ContextQuery query)
    {
        var isIncluded = ContextPaths.Select([.. query.Include, .. query.Follow], source.Files);
        Func<string, bool> isExcluded = query.Exclude.Count > 0 ? source.Excluding(query.Exclude) : static _ => false;
        var all = new Dictionary<string, ContextFile>(StringComparer.Ordinal);
        var chosen = new SortedDictionary<string, ContextFile>(PathOrder.Instance);
        foreach (var file in source.Files)
        {
            all[file.Path] = file;
            if (isIncluded(file) && !isExcluded(file.Path))
            {
                chosen[file.Path] = file;
            }
        }

        foreach (var file in chosen.Values.ToList())
        {
            AddFolders(file, all, chosen);
        }

        return [.. chosen.Values];
    }

    private static void AddFolders(ContextFile file, Dictionary<string, ContextFile> all, SortedDictionary<string, ContextFile> chosen)
    {
        for (var slash = file.Path.LastIndexOf('/'); slash > 0; slash = file.Path.LastIndexOf('/', slash - 1))
        {
            var path = file.Path[..slash];
            var folder = all.GetValueOrDefault(path)
                ?? new ContextFile { Path = path, Kind = ContextFileKind.Folder, Mode = FolderMode, Modified = file.Modified };
            if (!chosen.TryAdd(path, folder))
            {
                return;
            }
        }
    }

    private sealed class PathOrder : IComparer<string>
    {
        public static PathOrder Instance { get; } = new();

        /// <summary>By the bytes of UTF-8, but for the slash, which is before all: so what is in a folder follows right after it.</summary>
        public int Compare(string? x, string? y)
        {
            var a = x.AsSpan();
            var b = y.AsSpan();
            var same = a.CommonPrefixLength(b);
            return same == a.Length || same == b.Length ? a.Length - b.Length : Weight(a[same]) - Weight(b[same]);
        }

        // In UTF-16 the characters from U+10000 on stand before those from U+E000 on; in UTF-8 it is the other way round.
        private static int Weight(char c) => c switch
        {
            '/' => 0,
            _ when char.IsSurrogate(c) => c + 0x10000,
            _ => c,
        };
    }
}
