using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Reporting.Comments;

/// <summary>What the comment on a pull request says.</summary>
internal static class CommentText
{
    // GitHub takes 65,536 characters; what is longer than this is cut, so that secrets that are masked cannot make it too long.
    private const int MaxLength = 60_000;

    /// <summary>The comment for a build that has ended.</summary>
    /// <param name="record">The build.</param>
    /// <param name="images">What it pushed.</param>
    /// <param name="page">The build's page; null when it has no public address.</param>
    public static string Of(Build record, IReadOnlyList<ImageDifference> images, string? page)
    {
        var text = new StringBuilder();
        if (record.State == BuildState.Succeeded)
        {
            foreach (var image in images)
            {
                AddImage(text, image);
            }

            text.Append(About(record)).Append("\n\n");
        }
        else
        {
            AddFailure(text, record);
        }

        foreach (var warning in record.Warnings)
        {
            text.Append("Warning: ").Append(CommentMarkdown.Code(warning, 500)).Append("\n\n");
        }

        // A link of ours is the last thing said, and never within what was cut.
        var body = text.Length > MaxLength ? text.ToString(0, MaxLength) + "\n" : text.ToString();
        return page is null ? body : $"{body}[Log and stages]({page})\n";
    }

    private static void AddImage(StringBuilder text, ImageDifference difference)
    {
        var image = difference.Image;
        var growth = difference.Growth switch
        {
            null => $"no `{ImageDifference.BaseTag}` to compare with",
            0 => $"as large as `{ImageDifference.BaseTag}`",
            > 0 and var more => $"{Format.Size(more)} more than `{ImageDifference.BaseTag}`",
            var less => $"{Format.Size(-less.Value)} less than `{ImageDifference.BaseTag}`",
        };
        text.Append("### Pushed ").Append(CommentMarkdown.Code($"{image.Name}:{image.Tags[0]}")).Append("\n\n")
            .Append(CommentMarkdown.Fence([$"docker pull {image.Reference}", $"docker run --rm {image.Reference}"], "sh")).Append("\n\n")
            .Append($"{Format.Size(image.Size)}, {growth} · {CommentMarkdown.Code(image.Digest)}\n\n");
        if (difference.Lines() is { Count: > 0 } lines)
        {
            text.Append("<details><summary>What differs from ").Append(ImageDifference.BaseTag).Append("</summary>\n\n");
            foreach (var line in lines)
            {
                text.Append("- ").Append(line).Append('\n');
            }

            text.Append("\n</details>\n\n");
        }
    }

    private static void AddFailure(StringBuilder text, Build record)
    {
        text.Append(record.State == BuildState.Failed
            ? "### The image was not built\n\n"
            : "### The image could not be built, through no fault of the commit\n\n");
        if (record.FailedStep is { } step)
        {
            text.Append(CommentMarkdown.Code(StatusText.Place(step))).Append(": ")
                .Append(step.Instruction is null ? "" : CommentMarkdown.Code(step.Instruction) + ": ")
                .Append(CommentMarkdown.Code(step.Reason, 500)).Append("\n\n");
        }
        else
        {
            text.Append(CommentMarkdown.Code(record.Summary, 2_000)).Append("\n\n");
        }

        if (record.LogTail.Count > 0)
        {
            text.Append("The last lines of its output:\n\n").Append(CommentMarkdown.Fence(record.LogTail, "text")).Append("\n\n");
        }

        text.Append(About(record)).Append("\n\n");
    }

    private static string About(Build record)
    {
        var time = record.FinishedAt - record.StartedAt is { } took ? $", in {Format.Duration(took)}" : "";
        var cache = record.Cache is { Steps: > 0 } use ? $", {use.Cached} of {use.Steps} steps from the cache" : "";
        return $"Commit {Format.Commit(record.Request.Commit)}{time}{cache}.";
    }
}
