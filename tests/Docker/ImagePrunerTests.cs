using Ci.Pipeline.Docker.Cleanup;
using Docker.DotNet.Models;

namespace Ci.Tests.Docker;

/// <summary>Which of what builds left of images in the engine is to go.</summary>
public sealed class ImagePrunerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    // A base of 1000 bytes with a name; on it a step of 100, and on that one of 20 and one of 30, each with our label above it.
    private static readonly ImagesListResponse[] All =
    [
        Image("base", "", 1_000, "base:1"),
        Image("step", "base", 1_100),
        Image("a", "step", 1_120),
        Image("a-labelled", "a", 1_120),
        Image("b", "step", 1_130),
        Image("b-labelled", "b", 1_130),
        Image("theirs", "base", 5_000),
    ];

    [Fact]
    public void What_was_used_long_ago_goes() => Assert.Equal(["a-labelled"], Choose(1_000, ("a-labelled", 8), ("b-labelled", 1)));

    [Fact]
    public void Nothing_goes_while_there_is_room() => Assert.Equal([], Choose(150, ("a-labelled", 2), ("b-labelled", 1)));

    [Fact]
    public void Of_too_many_those_used_longest_ago_go() => Assert.Equal(["b-labelled"], Choose(149, ("a-labelled", 1), ("b-labelled", 2)));

    [Fact]
    public void What_several_have_below_them_goes_with_the_last() => Assert.Equal(["a-labelled", "b-labelled"], Choose(119, ("a-labelled", 2), ("b-labelled", 1)));

    [Fact]
    public void What_has_a_name_is_not_ours_to_remove()
    {
        Assert.True(ImagePruner.IsUnnamed(All[1]));
        Assert.False(ImagePruner.IsUnnamed(All[0]));
        Assert.False(ImagePruner.IsUnnamed(new ImagesListResponse { RepoDigests = ["pulled@sha256:0"] }));
    }

    private static IReadOnlyList<string> Choose(long maxBytes, params (string Id, int DaysAgo)[] used) =>
        new ImagePruner(All, used.Select(one => one.Id).ToHashSet()).Choose(used.ToDictionary(one => one.Id, one => Now.AddDays(-one.DaysAgo)), Now.AddDays(-7), maxBytes);

    private static ImagesListResponse Image(string id, string parent, long size, params string[] names) => new() { ID = id, ParentID = parent, Size = size, RepoTags = names };
}
