using Ci.Pipeline.Builds;
using Ci.Pipeline.Source.DockerInfo;

namespace Ci.Pipeline.Source.Context;

/// <summary>Sees whether a commit has what the build of an image needs: the context's folder, and the Dockerfile.</summary>
internal sealed class ContextValidator(ImageSpec image, ContextFilter rules)
{
    private bool _hasContext;
    private bool _hasDockerfile;
    private bool _hasDockerfileBelowContext;

    public void See(string path, bool isFolder)
    {
        _hasDockerfileBelowContext |= path == image.Context + "/" + image.DockerfilePath;
        _hasDockerfile |= path == image.DockerfilePath && !isFolder;
        _hasContext |= rules.IsInContext(path);
    }

    /// <summary>Throws if something was not there.</summary>
    /// <exception cref="SourceRefusedException">It was not.</exception>
    public void ThrowIfMissing()
    {
        if (!_hasContext && image.Context.Length > 0)
        {
            throw new SourceRefusedException(
                $"dockerInfo.json: context is \"{image.Context}\", but the commit has no such folder with anything in it; "
                + "the path is relative to the repository's root.");
        }

        if (!_hasDockerfile)
        {
            var hint = _hasDockerfileBelowContext ? $" Did you mean \"{image.Context}/{image.DockerfilePath}\"?" : "";
            throw new SourceRefusedException(
                $"dockerInfo.json: the Dockerfile is \"{image.DockerfilePath}\", but the commit has no such file; "
                + $"the path is relative to the repository's root.{hint}");
        }
    }
}
