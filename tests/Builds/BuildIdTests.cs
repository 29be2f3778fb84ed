using Ci.Pipeline.Builds;

namespace Ci.Tests.Builds;

public sealed class BuildIdTests
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private readonly BuildId _ids = new("a secret of some length");

    [Fact]
    public void The_same_build_has_the_same_id_however_it_is_spelled() =>
        Assert.Equal(
            _ids.Of("Owner/Repo", 1, Commit.ToUpperInvariant(), BuildPurpose.PullRequest),
            _ids.Of("owner/repo", 1, Commit, BuildPurpose.PullRequest));

    [Fact]
    public void Every_part_of_a_build_and_the_secret_make_another_id()
    {
        string[] ids =
        [
            _ids.Of("owner/repo", 1, Commit, BuildPurpose.PullRequest),
            _ids.Of("owner/repo", 1, Commit, BuildPurpose.Merge),
            _ids.Of("owner/repo", 2, Commit, BuildPurpose.PullRequest),
            _ids.Of("owner/other", 1, Commit, BuildPurpose.PullRequest),
            _ids.Of("owner/repo", 1, new string('a', 40), BuildPurpose.PullRequest),
            new BuildId("another secret").Of("owner/repo", 1, Commit, BuildPurpose.PullRequest),
        ];

        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void An_id_is_26_letters_and_digits_that_fit_a_url_and_a_row_key() =>
        Assert.Matches("^[a-z2-7]{26}$", _ids.Of("owner/repo", 1, Commit, BuildPurpose.PullRequest));
}
