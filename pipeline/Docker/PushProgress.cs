using Ci.Pipeline.Builds;
using Docker.DotNet.Models;

namespace Ci.Pipeline.Docker;

/// <summary>Follows a push. It is called on the reading thread, in order; <see cref="Progress{T}"/> would call from the thread
/// pool, out of order and after the push has returned.</summary>
internal sealed class PushProgress(Action<BuildEvent> happened) : IProgress<JSONMessage>
{
    private string? _digest;
    private string? _error;
    private bool _digestLine;

    public void Report(JSONMessage value)
    {
        _error ??= value.Error?.Message;
        if (value.Aux?.ExtensionData is { } aux && aux.TryGetValue("Digest", out var digest))
        {
            _digest = digest.ToString();
        }

        if (value.Status is { } status)
        {
            Follow(status, value.ID);
        }
    }

    public string? Finish(string repository, string tag)
    {
        if (_error is { } error)
        {
            throw EngineErrors.OfPush(error, repository);
        }

        return _digest is null && !_digestLine
            ? throw new ImageUnavailableException($"The engine's answer ended before {repository}:{tag} was pushed.")
            : _digest;
    }

    private void Follow(string status, string? layer)
    {
        // "TAG: digest: sha256:… size: N" is the last line with every engine; with the containerd store only it has the digest.
        _digestLine |= status.Contains(": digest: sha256:", StringComparison.Ordinal);
        if (layer is null)
        {
            happened(new BuildEvent.Output(null, status));
        }
        else if (status is "Pushed" or "Layer already exists" || status.StartsWith("Mounted from", StringComparison.Ordinal))
        {
            happened(new BuildEvent.Output(null, $"{layer}: {status}"));
        }
        else
        {
            // A layer on its way is a sign of life.
            happened(new BuildEvent.Activity());
        }
    }
}
