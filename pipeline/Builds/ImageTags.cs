using System.Globalization;

namespace Ci.Pipeline.Builds;

/// <summary>Which tags and labels an image gets; the names are those of docker/metadata-action.</summary>
internal static class ImageTags
{
    public const string PullRequestLabel = "ci.pull-request";

    /// <summary>The label with the key of what an image was built from; empty where there is none.</summary>
    public const string ContentLabel = "ci.content";

    /// <summary>The label that every image of ours has, in the engine too, and no other.</summary>
    public const string OwnLabel = ContentLabel;

    /// <summary>The tag that belongs to one commit and is pushed first: <c>sha-</c> and 12 hex digits.</summary>
    public static string OfCommit(string commit) => "sha-" + commit[..12];

    public static bool IsOfCommit(string tag) =>
        tag.Length == 16 && tag.StartsWith("sha-", StringComparison.Ordinal) && tag[4..].All(char.IsAsciiHexDigitLower);

    /// <summary>The tags that move from image to image: <c>pr-N</c> while open, <c>VERSION</c> and <c>latest</c> once merged.</summary>
    public static IReadOnlyList<string> Moving(BuildRequest request, string version) => request.Purpose switch
    {
        BuildPurpose.Merge => [.. new[] { version, "latest" }.Distinct()],
        _ => [OfPullRequest(request.PullRequest)],
    };

    public static string OfPullRequest(int number) => string.Create(CultureInfo.InvariantCulture, $"pr-{number}");

    /// <summary>The <c>org.opencontainers.image.*</c> set and the pull request's number; labels of dockerInfo.json go before these.
    /// All come from the request, so that the same commit built twice gives the same image.</summary>
    public static IReadOnlyDictionary<string, string> Labels(
        BuildRequest request, string version, IReadOnlyDictionary<string, string> own, string? content = null)
    {
        var root = request.Url.Split("/pull/", 2)[0];
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["org.opencontainers.image.source"] = root,
            ["org.opencontainers.image.url"] = request.Url,
            ["org.opencontainers.image.title"] = request.Repository,
            ["org.opencontainers.image.revision"] = request.Commit,
            ["org.opencontainers.image.version"] = version,
            ["org.opencontainers.image.created"] =
                request.UpdatedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            [PullRequestLabel] = request.PullRequest.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (key, value) in own)
        {
            labels[key] = value;
        }

        // Nobody else says this of an image, neither its Dockerfile nor the image it is built upon.
        labels[ContentLabel] = content ?? "";
        return labels;
    }
}
