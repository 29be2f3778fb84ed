using System.Security.Cryptography;
using System.Text;
using Ci.Pipeline.Source.DockerIgnore;
using Ci.Pipeline.Source.DockerInfo;

namespace Ci.Pipeline.Source.Context;

/// <summary>Which of a commit's files belong to an image's build context, and under which names: what is below the context's
/// folder and not ignored, and the Dockerfile wherever it is.</summary>
internal sealed class ContextFilter(ImageSpec image, DockerIgnoreFile ignore)
{
    /// <summary>The name of the file that says what is left out.</summary>
    public const string IgnoreName = ".dockerignore";

    private readonly string _dockerfileName = DockerfileName(image);

    /// <summary>The Dockerfile's name within the context that is sent: its own, or a name of ours for one from outside.</summary>
    public static string DockerfileName(ImageSpec image) =>
        image.DockerfileInContext
        ?? ".dockerfile." + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(image.DockerfilePath)))[..20];

    public bool IsInContext(string path) => InContext(path) is { Length: > 0 };

    /// <summary>The name in the context of what the commit has at a path; null when it is not sent.</summary>
    public string? NameOf(string path, bool isFolder, CancellationToken cancellationToken)
    {
        if (image.DockerfileInContext is null && path == image.DockerfilePath && !isFolder)
        {
            return _dockerfileName;
        }

        // With a Dockerfile from outside, the ignore file is one of ours.
        return InContext(path) is { Length: > 0 } name
            && !ignore.Excludes(name, cancellationToken) && !(image.DockerfileInContext is null && name == IgnoreName)
            ? name
            : null;
    }

    /// <summary>The ignore file that goes with a Dockerfile from outside the context; null when the commit's own is sent.</summary>
    public byte[]? OwnIgnoreFile(byte[]? ignoreFile) => image.DockerfileInContext is null
        // The engine takes out of the context what this file names once it has read the Dockerfile.
        ? Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(ignoreFile ?? []) + $"\n{IgnoreName}\n{_dockerfileName}\n")
        : null;

    private string? InContext(string path) =>
        image.Context.Length == 0 ? path
        : path.StartsWith(image.Context, StringComparison.Ordinal) && path.AsSpan(image.Context.Length).StartsWith("/")
            ? path[(image.Context.Length + 1)..]
        : null;
}
