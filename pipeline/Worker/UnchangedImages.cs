using System.Security.Cryptography;
using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Context;
using Ci.Pipeline.Source.DockerInfo;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Worker;

/// <summary>Finds images that need not be built, because one from the same context, Dockerfile, arguments and bases is in the
/// registry. Each image bears the key of what it was built from as a label; the same key is the same build.</summary>
public sealed class UnchangedImages(
    BaseImages bases, RegistryClient registry, ImageInspector reader, IOptions<BuildOptions> build, IOptions<RegistryOptions> options)
{
    /// <summary>The key that an image's build would have; null when none can be told, and for a stranger's.</summary>
    public async Task<string?> KeyAsync(BuildRequest request, CommitSource commit, ImageSpec spec, CancellationToken cancellationToken)
    {
        if (request.IsFork || !build.Value.ReuseUnchanged || commit.ContextHash(spec, cancellationToken) is not { } context)
        {
            return null;
        }

        if (await commit.ReadAsync(spec.DockerfilePath, cancellationToken) is not { } dockerfile
            || await bases.FindAsync(Encoding.UTF8.GetString(dockerfile), spec.Args, cancellationToken) is not { } found)
        {
            return null;
        }

        var platform = spec.Platform ?? await bases.PlatformAsync(cancellationToken);
        return KeyOf(request.Repository, spec, Convert.ToHexStringLower(context), platform, found);
    }

    /// <summary>The image of that key among those that may have it: the commit's own, the pull request's and the last merged;
    /// null when none has it.</summary>
    public async Task<CommitImage?> FindAsync(BuildRequest request, ImageSpec spec, string key, CancellationToken cancellationToken)
    {
        string[] tags = [ImageTags.OfCommit(request.Commit), ImageTags.OfPullRequest(request.PullRequest), "latest"];
        var found = await Task.WhenAll(tags.Select(tag => FindAsync(spec.Name, tag, key, cancellationToken)));
        return found.OfType<Manifest>().FirstOrDefault() is { } manifest ? new CommitImage(spec.Name, spec.Version, manifest) : null;
    }

    private async Task<Manifest?> FindAsync(string name, string tag, string key, CancellationToken cancellationToken) =>
        await registry.FindAsync(options.Value.Prefix + name, tag, cancellationToken) is { } manifest
        && await reader.ReadAsync(name, manifest, cancellationToken) is { } facts
        && facts.Labels.TryGetValue(ImageTags.ContentLabel, out var its) && its == key
            ? manifest
            : null;

    private static string KeyOf(string repository, ImageSpec spec, string context, string platform, IReadOnlyList<string> bases)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // A repository's images are its own, though another may use the same name.
        Add("repository", [repository]);
        Add("context", [context, ContextFilter.DockerfileName(spec)]);
        Add("version", [spec.Version]);
        Add("target", [spec.Target ?? ""]);
        Add("platform", [platform]);
        Add("args", Pairs(spec.Args));
        Add("labels", Pairs(spec.Labels));
        Add("secrets", spec.Secrets.Order(StringComparer.Ordinal));
        Add("bases", bases);
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(string what, IEnumerable<string> values)
        {
            // Each with its length: no two lists give the same bytes.
            foreach (var text in values.Prepend(what))
            {
                hash.AppendData(BitConverter.GetBytes(Encoding.UTF8.GetByteCount(text)));
                hash.AppendData(Encoding.UTF8.GetBytes(text));
            }

            hash.AppendData(BitConverter.GetBytes(-1));
        }
    }

    private static IEnumerable<string> Pairs(IReadOnlyDictionary<string, string> values) =>
        values.OrderBy(pair => pair.Key, StringComparer.Ordinal).SelectMany(pair => new[] { pair.Key, pair.Value });
}
