using Ci.BuildKit;
using Ci.BuildKit.Files;

namespace Ci.Tests.BuildKit;

/// <summary>Asks a source of files for all that it lists, as the engine does.</summary>
internal sealed class AskingForAll : ContextRequests
{
    private static readonly ContextQuery Everything = new([], [], []);

    private readonly Dictionary<ContextFile, byte[]> _got = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<ContextFile> _wanted = new(ReferenceEqualityComparer.Instance);

    public override bool IsEmpty => _wanted.Count == 0;

    /// <summary>All files, in the engine's order, with what is in them.</summary>
    public static async Task<IReadOnlyList<(ContextFile File, byte[] Content)>> ReadAsync(ContextSource source, CancellationToken cancellationToken)
    {
        var list = ContextList.Of(source, Everything);
        var asking = new AskingForAll();
        asking._wanted.UnionWith(list.Where(file => file.Kind == ContextFileKind.File));
        await source.ReadAsync(asking, cancellationToken);
        Assert.Empty(asking._wanted);
        return [.. list.Select(file => (file, asking._got.GetValueOrDefault(file) ?? []))];
    }

    public override bool Contains(ContextFile file) => _wanted.Contains(file);

    public override async Task AnswerAsync(ContextFile file, Stream content, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, cancellationToken);
        Assert.Equal(file.Size, bytes.Length);
        _got[file] = bytes.ToArray();
        _wanted.Remove(file);
    }
}
