using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.DockerInfo;

namespace Ci.Pipeline.Source.Context;

/// <summary>The few files of a commit that decide what is built, whole: dockerInfo.json and the ignore files.</summary>
internal sealed class BuildInputs
{
    private const string InfoName = "dockerInfo.json";
    private const int MaxBytes = 1 << 20;
    private const int MaxFiles = 256;

    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    /// <summary><c>dockerInfo.json</c> at the root, or null.</summary>
    public byte[]? Info => _files.GetValueOrDefault(InfoName);

    /// <summary>Whether a file of that path is one of them.</summary>
    public static bool Has(string path) => path == InfoName || path.EndsWith(ContextFilter.IgnoreName, StringComparison.Ordinal);

    /// <summary>The ignore file of an image, or null: the Dockerfile's own goes before the context's, as in BuildKit.</summary>
    public byte[]? IgnoreFileOf(ImageSpec image) =>
        _files.GetValueOrDefault(image.DockerfilePath + ContextFilter.IgnoreName)
        ?? _files.GetValueOrDefault(image.Context.Length == 0 ? ContextFilter.IgnoreName : image.Context + "/" + ContextFilter.IgnoreName);

    public void Add(string path, byte[] content) => _files[path] = content;

    /// <summary>Throws unless there is room for one more, of so many bytes.</summary>
    /// <exception cref="SourceRefusedException">There is none.</exception>
    public void ThrowIfNoRoom(string path, long length)
    {
        if (length > MaxBytes || _files.Count == MaxFiles)
        {
            throw new SourceRefusedException(
                $"'{path}' is larger than {MaxBytes >> 20} MiB, or the commit has more than {MaxFiles} .dockerignore files.");
        }
    }
}
