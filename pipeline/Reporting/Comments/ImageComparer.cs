using Ci.Pipeline.Builds;
using Ci.Pipeline.Registry;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Reporting.Comments;

/// <summary>Puts what a build pushed beside what its base branch has.</summary>
public sealed class ImageComparer(ImageInspector images, IOptions<ForkOptions> forks)
{
    /// <summary>The images of a build, each with what <see cref="ImageDifference.BaseTag"/> is.</summary>
    /// <exception cref="ImageUnavailableException">The registry does not answer.</exception>
    public async Task<IReadOnlyList<ImageDifference>> CompareAsync(Build record, CancellationToken cancellationToken)
    {
        var differences = new List<ImageDifference>();
        foreach (var image in record.Images)
        {
            differences.Add(await CompareAsync(image, record.Request.IsFork, cancellationToken));
        }

        return differences;
    }

    private async Task<ImageDifference> CompareAsync(PushedImage image, bool isFork, CancellationToken cancellationToken)
    {
        // A fork's image has a name of its own; what it would replace has the repository's.
        var suffix = forks.Value.ImageSuffix;
        var baseName = isFork && image.Name.EndsWith(suffix, StringComparison.Ordinal) ? image.Name[..^suffix.Length] : image.Name;
        return new ImageDifference(
            image,
            await images.FindAsync(image.Name, image.Digest, cancellationToken),
            await images.FindAsync(baseName, ImageDifference.BaseTag, cancellationToken));
    }
}
