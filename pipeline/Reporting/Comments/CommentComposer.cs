using Ci.Pipeline.Builds;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Reporting.Comments;

/// <summary>A comment that is to be on a pull request.</summary>
/// <param name="Marker">What it begins with: nobody can guess it, and every build of the pull request has the same.</param>
/// <param name="Body">All of it.</param>
public sealed record ComposedComment(string Marker, string Body);

/// <summary>Puts together the comment of a build that has ended.</summary>
public sealed class CommentComposer(ImageComparer images, PublicAddress address, SecretMask mask, BuildId ids)
{
    /// <summary>The build's comment, without secrets.</summary>
    /// <exception cref="ImageUnavailableException">The registry does not answer.</exception>
    public async Task<ComposedComment> ComposeAsync(Build record, CancellationToken cancellationToken)
    {
        var request = record.Request;
        var differences = await images.CompareAsync(record, cancellationToken);
        var page = await address.PageOfAsync(record.Id, cancellationToken);
        var marker = $"<!-- docker-image-of:{ids.Of(request.Repository, request.PullRequest, "comment", BuildPurpose.PullRequest)} -->";
        return new ComposedComment(marker, mask.Hide($"{marker}\n{CommentText.Of(record, differences, page)}"));
    }
}
