using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Source.DockerInfo;

namespace Ci.Tests.Docker;

/// <summary>By which name the engine keeps the files of a context for a later build.</summary>
public sealed class ContextNameTests
{
    private static readonly ImageSpec Spec = new() { Name = "a", Version = "1", DockerfilePath = "Dockerfile" };

    private static readonly BuildRequest Request = new()
    {
        BuildId = "build",
        Purpose = BuildPurpose.PullRequest,
        Repository = "octo/app",
        PullRequest = 7,
        Commit = new string('a', 40),
        Title = "",
        Url = "",
        Author = "octocat",
        HeadRef = "feature",
        BaseRef = "main",
        UpdatedAt = DateTimeOffset.UnixEpoch,
        Delivery = "",
        QueuedAt = DateTimeOffset.UnixEpoch,
    };

    [Fact]
    public void A_strangers_files_are_kept_for_nobody() => Assert.Null(CommitImageBuilder.ContextName(Request with { IsFork = true }, Spec));

    [Fact]
    public void A_commits_files_are_kept_for_its_next_build() =>
        Assert.Equal(CommitImageBuilder.ContextName(Request, Spec), CommitImageBuilder.ContextName(Request with { BuildId = "another", Purpose = BuildPurpose.Merge }, Spec));

    [Fact]
    public void Whatever_may_have_other_files_of_that_size_and_time_has_another_name()
    {
        string?[] names =
        [
            CommitImageBuilder.ContextName(Request, Spec),
            CommitImageBuilder.ContextName(Request with { Commit = new string('b', 40) }, Spec),
            CommitImageBuilder.ContextName(Request with { Repository = "octo/other" }, Spec),
            CommitImageBuilder.ContextName(Request, Spec with { Context = "api" }),
            CommitImageBuilder.ContextName(Request, Spec with { DockerfilePath = "api.Dockerfile" }),
        ];

        Assert.Distinct(names);
    }
}
