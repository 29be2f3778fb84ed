using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.Context;
using Ci.Pipeline.Source.DockerIgnore;
using Ci.Pipeline.Source.DockerInfo;

namespace Ci.Pipeline.Source;

/// <summary>A commit's source, however it comes from GitHub: the few files that are needed to decide what to build, the build
/// contexts of its images, and single files. Nothing of it is ever unpacked to disk.</summary>
public abstract class CommitSource : IAsyncDisposable
{
    private protected const int MaxReadBytes = 1 << 20;

    private protected CommitSource(ContentIndex index, BuildInputs decisive)
    {
        Index = index;
        Decisive = decisive;
    }

    /// <summary>The bytes of <c>dockerInfo.json</c> at the root, or null.</summary>
    public ReadOnlyMemory<byte>? DockerInfoJson => Decisive.Info is { } json ? json : (ReadOnlyMemory<byte>?)null;

    /// <summary>When the commit was made: the time that git gives every file of its archive (git-archive). Null of an empty one.</summary>
    public abstract DateTimeOffset? CommittedAt { get; }

    /// <summary>How it came, as a line of the log.</summary>
    public abstract string Description { get; }

    internal ContentIndex Index { get; }

    private protected BuildInputs Decisive { get; }

    /// <summary>A hash of an image's context, the same for every commit that has the same files in it; null when the commit has
    /// too many files to tell.</summary>
    public byte[]? ContextHash(ImageSpec image, CancellationToken cancellationToken)
    {
        var rules = Rules(image);
        return Index.Hash(rules, rules.OwnIgnoreFile(Decisive.IgnoreFileOf(image)), cancellationToken);
    }

    /// <summary>The build context of an image, file by file: what <c>docker build</c> would send; null when the commit has too
    /// many files to list them.</summary>
    /// <param name="image">The image.</param>
    /// <param name="name">What the engine is to know the context by; null for a build that shares nothing with others.</param>
    /// <exception cref="SourceRefusedException">
    /// The context or the Dockerfile is not in the commit, or <c>.dockerignore</c> is malformed.
    /// </exception>
    public ContextSource? FilesOf(ImageSpec image, string? name)
    {
        var rules = Rules(image);
        return Index.IsFull
            ? null
            : new CommitContext(image, rules, Index.Files, rules.OwnIgnoreFile(Decisive.IgnoreFileOf(image)), this, name);
    }

    /// <summary>Writes an image's build context as a tar: what <c>docker build</c> would send. Several may be written at once.</summary>
    /// <exception cref="SourceRefusedException">As of <see cref="FilesOf"/>.</exception>
    public async Task WriteContextAsync(ImageSpec image, Stream output, CancellationToken cancellationToken)
    {
        var context = new ContextWriter(image, Rules(image), output);
        await using (var reader = await OpenAsync(cancellationToken))
        {
            while (await reader.NextAsync(cancellationToken) is { } next)
            {
                await context.AddAsync(next, cancellationToken);
            }
        }

        await context.FinishAsync(Decisive.IgnoreFileOf(image), cancellationToken);
    }

    /// <summary>A file of the commit; null when it has none of that path, or one of more than a mebibyte.</summary>
    /// <exception cref="SourceUnavailableException">GitHub did not give it, or not now.</exception>
    public virtual async Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (Index.Files.LastOrDefault(file => file.Path == path)?.Content is { } small)
        {
            return small;
        }

        await using var reader = await OpenAsync(cancellationToken);
        while (await reader.NextAsync(cancellationToken) is { } next)
        {
            if (next.Path == path && next.Entry is { DataStream: not null, Length: <= MaxReadBytes })
            {
                using var bytes = new MemoryStream();
                await next.Content.CopyToAsync(bytes, cancellationToken);
                return bytes.ToArray();
            }
        }

        return null;
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Hands over what is asked for of the files at these places of the index.</summary>
    internal abstract Task CopyFilesAsync(
        IReadOnlyDictionary<int, ContextFile> places, ContextRequests requests, CancellationToken cancellationToken);

    /// <summary>Begins to go through the commit's archive.</summary>
    internal abstract Task<ArchiveReader> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Hands over what is asked for as it comes by in the archive, and stops when nothing is.</summary>
    private protected static async Task CopyFilesAsync(
        ArchiveReader reader, IReadOnlyDictionary<int, ContextFile> places, ContextRequests requests, CancellationToken cancellationToken)
    {
        while (!requests.IsEmpty && await reader.NextAsync(cancellationToken) is { } next)
        {
            if (places.TryGetValue(next.Place, out var file) && requests.Contains(file))
            {
                await ArchiveReader.ReadContentAsync(() => requests.AnswerAsync(file, next.Content, cancellationToken));
            }
        }
    }

    private ContextFilter Rules(ImageSpec image) =>
        new(image, Decisive.IgnoreFileOf(image) is { } file
            ? DockerIgnoreFile.Parse(file, image.DockerfileInContext)
            : DockerIgnoreFile.None());
}
