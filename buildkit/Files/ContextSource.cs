namespace Ci.BuildKit;

/// <summary>A build context whose files are handed over by name, as far as the build asks for them: a Dockerfile that copies one
/// folder gets that folder, however large the rest is. One source may be asked several times at once.</summary>
public abstract class ContextSource
{
    /// <summary>All files, folders and links, in any order. Folders may be left out; of two with one path the last is meant.</summary>
    public abstract IReadOnlyList<ContextFile> Files { get; }

    /// <summary>What the context is known by to the engine, which keeps the files that it was sent. Of a context by the same name
    /// it asks only for files whose size, mode or time is another: so a name must never stand for two contents that agree in
    /// those. Null for a context of its own with each build.</summary>
    public virtual string? Name => null;

    /// <summary>Reads a list of patterns as <c>.dockerignore</c> has them (BuildKit's: github.com/moby/patternmatcher), and tells
    /// of a path whether it is excluded.</summary>
    public abstract Func<string, bool> Excluding(IReadOnlyList<string> patterns);

    /// <summary>Goes through the files once, in the order that costs least, and hands over those that <paramref name="requests"/>
    /// has at that moment. It is called again while requests remain; what it throws ends the build.</summary>
    public abstract Task ReadAsync(ContextRequests requests, CancellationToken cancellationToken);
}

/// <summary>The files whose content the build waits for. They may become more at any time.</summary>
public abstract class ContextRequests
{
    /// <summary>Whether none is waited for; then there is no need to read on.</summary>
    public abstract bool IsEmpty { get; }

    public abstract bool Contains(ContextFile file);

    /// <summary>Hands over a file's content, which is read to its end.</summary>
    public abstract Task AnswerAsync(ContextFile file, Stream content, CancellationToken cancellationToken);
}
