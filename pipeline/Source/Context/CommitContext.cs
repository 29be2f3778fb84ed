using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.DockerIgnore;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Pipeline.Source.Tree;

namespace Ci.Pipeline.Source.Context;

/// <summary>The build context of an image, file by file, out of a commit: small files from memory, and the others from wherever
/// the commit has them, all that are asked for at once.</summary>
internal sealed class CommitContext : ContextSource
{
    private readonly List<ContextFile> _files = [];
    private readonly List<(ContextFile File, byte[] Content)> _small = [];
    private readonly Dictionary<int, ContextFile> _places = [];
    private readonly CommitSource _commit;

    /// <exception cref="SourceRefusedException">The context or the Dockerfile is not in the commit.</exception>
    public CommitContext(
        ImageSpec image, ContextFilter rules, IReadOnlyList<IndexedFile> files, byte[]? ownIgnoreFile, CommitSource commit, string? name)
    {
        Name = name;
        _commit = commit;
        var needs = new ContextValidator(image, rules);
        for (var place = 0; place < files.Count; place++)
        {
            var isFolder = files[place].Kind == IndexedKind.Folder;
            needs.See(files[place].Path, isFolder);
            if (rules.NameOf(files[place].Path, isFolder, CancellationToken.None) is { } path)
            {
                Add(FileAt(path, files[place]), files[place].Content, place);
            }
        }

        needs.ThrowIfMissing();
        if (ownIgnoreFile is not null)
        {
            Add(new ContextFile { Path = ContextFilter.IgnoreName, Size = ownIgnoreFile.Length }, ownIgnoreFile);
        }
    }

    public override string? Name { get; }

    public override IReadOnlyList<ContextFile> Files => _files;

    public override Func<string, bool> Excluding(IReadOnlyList<string> patterns)
    {
        var ignore = DockerIgnoreFile.Of(patterns);
        return path => ignore.Excludes(path);
    }

    public override async Task ReadAsync(ContextRequests requests, CancellationToken cancellationToken)
    {
        foreach (var (file, content) in _small)
        {
            if (requests.Contains(file))
            {
                await requests.AnswerAsync(file, new MemoryStream(content), cancellationToken);
            }
        }

        if (!requests.IsEmpty)
        {
            await _commit.CopyFilesAsync(_places, requests, cancellationToken);
        }
    }

    private void Add(ContextFile file, byte[]? content, int place = -1)
    {
        _files.Add(file);
        if (content is not null)
        {
            _small.Add((file, content));
        }
        else
        {
            _places[place] = file;
        }
    }

    private static ContextFile FileAt(string path, IndexedFile file) => new()
    {
        Path = path,
        Kind = file.Kind switch
        {
            IndexedKind.Folder => ContextFileKind.Folder,
            IndexedKind.Link => ContextFileKind.Link,
            _ => ContextFileKind.File,
        },
        Mode = file.Kind switch
        {
            IndexedKind.File => CheckoutModes.File,
            IndexedKind.Link => CheckoutModes.Link,
            _ => CheckoutModes.Executable,
        },
        Size = file.Length,
        Modified = file.Modified,
        LinkTarget = file.LinkTarget,
    };
}
