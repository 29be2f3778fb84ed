using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Source.Context;

namespace Ci.Pipeline.Source.Tree;

/// <summary>A commit's tree as GitHub lists it, made into the index that its archive would give. What an archive would be refused
/// for is refused here; what might be otherwise in an archive is not listed at all.</summary>
internal sealed class GitTree
{
    // Each is a request of its own.
    private const int MaxFirst = 32;
    private const int MaxDockerfiles = 8;
    private const int MaxFirstBytes = 256 << 10;

    private const string EmptyFolder = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    private readonly List<IndexedFile> _files;

    private GitTree(List<IndexedFile> files)
    {
        _files = files;
        IndexedFile[] needed = [.. files.Where(file => IsDecisive(file) || IsAttributes(file) || file.Kind == IndexedKind.Link)];
        First = needed.Length <= MaxFirst && needed.All(file => file.Length <= MaxFirstBytes)
            ? [.. needed, .. files.Where(file => IsDockerfile(file) && !needed.Contains(file)).Take(MaxDockerfiles)]
            : throw new NotListedException($"it has more than {MaxFirst} links, ignore files and {GitAttributes.Name}, or a large one");
    }

    /// <summary>The files that must be known before anything is built, and Dockerfiles, which will be asked for.</summary>
    public IReadOnlyList<IndexedFile> First { get; }

    /// <summary>Takes GitHub's list.</summary>
    /// <exception cref="NotListedException">It has something that an archive might have otherwise.</exception>
    public static GitTree Of(IReadOnlyList<GitTreeEntry> entries) =>
        entries.Count <= ContentIndex.MaxFiles
            ? new([.. entries.Select(FileOf)])
            : throw new NotListedException($"it has more than {ContentIndex.MaxFiles} files and folders");

    /// <summary>Whether a file is one that decides what is built.</summary>
    public static bool IsDecisive(IndexedFile file) => IsContent(file) && BuildInputs.Has(file.Path);

    /// <summary>The commit's files with all that its archive would tell of them.</summary>
    /// <param name="committedAt">When the commit was made.</param>
    /// <param name="blobs">Has what is in the files of <see cref="First"/>.</param>
    /// <param name="limits">What a commit is to keep to.</param>
    /// <exception cref="NotListedException">Its archive may be another than its tree.</exception>
    /// <exception cref="SourceRefusedException">Its archive would be refused.</exception>
    public ContentIndex Complete(DateTimeOffset committedAt, CommitBlobs blobs, SourceOptions limits)
    {
        // First of all: a file that would be refused may be one that the archive leaves out.
        if (_files.Any(file => IsAttributes(file) && (!IsContent(file) || !GitAttributes.AreHarmless(blobs.Kept(file)))))
        {
            throw new NotListedException($"its {GitAttributes.Name} may change what its archive has");
        }

        var rules = new CommitRules(limits);
        var index = new ContentIndex();
        foreach (var file in _files.Select(file => Complete(file, committedAt, blobs)))
        {
            rules.Count();
            CommitRules.CheckPath(file.Path);
            rules.CheckLinks(file.Path, file.Kind == IndexedKind.Link ? file.LinkTarget : null);
            rules.AddLength(file.Length);
            index.Add(file);
        }

        return !index.IsFull && IsTree(index)
            ? index
            : throw new NotListedException("its list is too long, or is not that of a tree");
    }

    /// <summary>Each file is there once, and in a folder that is there too.</summary>
    private static bool IsTree(ContentIndex index)
    {
        var kinds = new Dictionary<string, IndexedKind>(index.Files.Count, StringComparer.Ordinal);
        return index.Files.All(file => kinds.TryAdd(file.Path, file.Kind))
            && index.Files.All(file => file.Path.LastIndexOf('/') is var slash
                && (slash < 0 || kinds.GetValueOrDefault(file.Path[..slash], IndexedKind.File) == IndexedKind.Folder));
    }

    private static IndexedFile FileOf(GitTreeEntry entry)
    {
        if (entry.Path.Contains('\uFFFD', StringComparison.Ordinal)
            || entry.Sha.Length != 2 * GitBlob.NameLength || !entry.Sha.All(char.IsAsciiHexDigitLower)
            || entry.Sha == EmptyFolder || entry.Size < 0)
        {
            throw new NotListedException($"its list has '{entry.Path}' in a way that is not understood");
        }

        var kind = entry.Mode switch
        {
            "100644" or "100664" => IndexedKind.File,
            "100755" => IndexedKind.Executable,
            "120000" => IndexedKind.Link,
            // Of a submodule an archive has the folder.
            "040000" or "160000" => IndexedKind.Folder,
            _ => throw new NotListedException($"its list has '{entry.Path}' with mode {entry.Mode}"),
        };
        return kind == IndexedKind.Folder
            ? new IndexedFile(entry.Path, kind, 0, default, "", [], Content: null)
            : new IndexedFile(entry.Path, kind, entry.Size, default, "", Convert.FromHexString(entry.Sha), Content: null);
    }

    /// <summary>A file as an archive's index has it: links with where they lead, and what is known already with its content.</summary>
    private static IndexedFile Complete(IndexedFile file, DateTimeOffset committedAt, CommitBlobs blobs) => file.Kind switch
    {
        IndexedKind.Folder => file with { Modified = committedAt, Content = [] },
        IndexedKind.Link => file with { Modified = committedAt, Content = [], Length = 0, LinkTarget = TargetOf(file, blobs.Kept(file)) },
        _ => file with { Modified = committedAt, Content = file.Length == 0 ? [] : blobs.Find(file) },
    };

    private static string TargetOf(IndexedFile link, byte[] content)
    {
        var target = Encoding.UTF8.GetString(content);
        return target.Contains('\uFFFD', StringComparison.Ordinal)
            ? throw new NotListedException($"the link '{link.Path}' leads to what is no UTF-8")
            : target;
    }

    private static bool IsContent(IndexedFile file) => file.Kind is IndexedKind.File or IndexedKind.Executable;

    private static bool IsAttributes(IndexedFile file) => file.Kind != IndexedKind.Folder && NameOf(file) == GitAttributes.Name;

    private static bool IsDockerfile(IndexedFile file) => IsContent(file) && NameOf(file) == "Dockerfile" && file.Length <= MaxFirstBytes;

    private static string NameOf(IndexedFile file) => file.Path[(file.Path.LastIndexOf('/') + 1)..];
}
