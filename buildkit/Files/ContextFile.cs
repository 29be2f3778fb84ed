namespace Ci.BuildKit;

public enum ContextFileKind
{
    File,
    Folder,
    Link,
}

/// <summary>A file, folder or symbolic link of a build context, as the engine is told of it. The owner is root.</summary>
public sealed record ContextFile
{
    /// <summary>From the context's root, with <c>/</c>, and without one at its start or end.</summary>
    public required string Path { get; init; }

    public ContextFileKind Kind { get; init; }

    /// <summary>The content's length in bytes; of a file only.</summary>
    public long Size { get; init; }

    public UnixFileMode Mode { get; init; } =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public DateTimeOffset Modified { get; init; } = DateTimeOffset.UnixEpoch;

    /// <summary>Where a link leads; empty otherwise.</summary>
    public string LinkTarget { get; init; } = "";
}
