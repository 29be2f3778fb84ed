using System.Text.Json.Nodes;
using Ci.StandIn;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>A stranger's commit is built when somebody with write access has approved that commit, and by no other way.</summary>
public sealed class ForkTests(Azurite azurite, DockerEngine engine, DockerRegistry registry) : IAsyncLifetime
{
    private const string Maintainer = "maintainer";
    private const string Stranger = "stranger";

    private CiScenario _scenario = null!;
    private string _base = null!;

    public async ValueTask InitializeAsync()
    {
        _scenario = await CiScenario.StartAsync(azurite, engine, registry);
        _scenario.GitHub.Roles[(CiScenario.Repository, Maintainer)] = "maintain";
        _scenario.GitHub.Roles[(CiScenario.Repository, "triager")] = "triage";
        _scenario.GitHub.Roles[(CiScenario.Repository, Stranger)] = "read";
        _base = await registry.PushAsync(engine, DockerEngine.BaseImage, "base:1");
    }

    public async ValueTask DisposeAsync() => await _scenario.DisposeAsync();

    [Fact]
    public async Task Until_somebody_approves_nothing_is_built_and_GitHub_says_what_to_do()
    {
        var (pull, answer) = await _scenario.OpenForkAsync(Files());

        var waiting = await _scenario.BuildAsync(Id(answer));
        Assert.Equal(("waiting", 0), (waiting.State, waiting.Attempts));
        await TestEnvironment.UntilAsync(
            () => Task.FromResult(_scenario.Statuses(waiting).Count > 0), "a status", onTimeout: () => _scenario.Host.Output);
        var status = Assert.Single(_scenario.Statuses(waiting));
        Assert.StartsWith("pending Waiting for approval", status, StringComparison.Ordinal);
        Assert.Contains($"/build {pull.Head[..12]}", status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_comment_of_somebody_who_may_write_approves()
    {
        var (pull, _) = await _scenario.OpenForkAsync(Files());

        var answer = await _scenario.CommentAsync(pull, "/build", Maintainer);

        var built = await _scenario.EndOfAsync(Id(answer));
        Assert.True(built.State == "succeeded", built.Summary);
        Assert.Contains("approved by maintainer", answer["verdict"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_label_of_somebody_who_may_write_approves()
    {
        var (pull, _) = await _scenario.OpenForkAsync(Files());

        var (_, answer) = await _scenario.GitHub.LabelAsync(pull, "ok-to-build", Maintainer);

        Assert.Equal("succeeded", (await _scenario.EndOfAsync(Id(JsonNode.Parse(answer.Body)!))).State);
    }

    [Fact]
    public async Task Neither_comment_nor_label_of_anybody_else_does()
    {
        var (pull, opened) = await _scenario.OpenForkAsync(Files());

        JsonNode[] answers =
        [
            await _scenario.CommentAsync(pull, "/build", Stranger),
            await _scenario.CommentAsync(pull, "/build", "triager"),
            await _scenario.CommentAsync(pull, "/build", "nobody-known"),
            JsonNode.Parse((await _scenario.GitHub.LabelAsync(pull, "ok-to-build", "triager")).Answer.Body)!,
        ];

        Assert.All(answers, answer => Assert.Contains("no write access", answer["verdict"]!.ToString(), StringComparison.Ordinal));
        Assert.Equal("waiting", (await _scenario.BuildAsync(Id(opened))).State);
    }

    [Fact]
    public async Task No_trick_with_a_comment_approves()
    {
        var (pull, opened) = await _scenario.OpenForkAsync(Files());
        var later = pull.UpdatedAt.AddSeconds(2);

        DeliveryAnswer[] answers =
        [
            await _scenario.GitHub.CommentAsync(pull, "> /build", Maintainer, later),
            await _scenario.GitHub.CommentAsync(pull, "/build", Maintainer, later, action: "edited"),
            await _scenario.GitHub.CommentAsync(pull, "/build", Maintainer, later, isIssue: true),
            await _scenario.GitHub.CommentAsync(pull, "/build 0000000", Maintainer, later),
            await _scenario.GitHub.CommentAsync(pull with { Number = pull.Number + 1 }, "/build", Maintainer, later),
        ];

        Assert.All(
            answers, answer => Assert.StartsWith("ignored", JsonNode.Parse(answer.Body)!["verdict"]!.ToString(), StringComparison.Ordinal));
        Assert.Equal("waiting", (await _scenario.BuildAsync(Id(opened))).State);
    }

    [Fact]
    public async Task A_comment_approves_nothing_that_was_pushed_after_it()
    {
        var (pull, _) = await _scenario.OpenForkAsync(Files());
        var (pushed, answer) = await _scenario.PushForkAsync(pull, Files());

        var late = JsonNode.Parse((await _scenario.GitHub.CommentAsync(pushed, "/build", Maintainer, pushed.UpdatedAt)).Body)!;

        Assert.Contains("pushed after the comment", late["verdict"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal("waiting", (await _scenario.BuildAsync(Id(answer))).State);
    }

    [Fact]
    public async Task An_approval_holds_for_its_commit_and_for_no_other()
    {
        var (pull, _) = await _scenario.OpenForkAsync(Files());
        var (labelled, approved) = await _scenario.GitHub.LabelAsync(pull, "ok-to-build", Maintainer);
        var first = await _scenario.EndOfAsync(Id(JsonNode.Parse(approved.Body)!));

        // The label stays on.
        var (pushed, next) = await _scenario.PushForkAsync(labelled, Files());
        var (_, closed) = await _scenario.GitHub.ChangeAsync(pushed with { State = "closed", Sender = Stranger }, "closed");
        await _scenario.EndOfAsync(Id(JsonNode.Parse(closed.Body)!));
        await _scenario.GitHub.ChangeAsync(pushed with { State = "open", Sender = Stranger, Title = "Renamed" }, "reopened");
        await _scenario.GitHub.ChangeAsync(pushed with { State = "open", Sender = Stranger, Title = "ok-to-build" }, "edited");

        Assert.Equal("succeeded", first.State);
        Assert.Equal("waiting", (await _scenario.BuildAsync(Id(next))).State);
    }

    [Fact]
    public async Task An_old_approval_sent_again_approves_nothing_new()
    {
        var (pull, _) = await _scenario.OpenForkAsync(Files());
        var (labelled, approval) = await _scenario.GitHub.LabelAsync(pull, "ok-to-build", Maintainer);
        await _scenario.EndOfAsync(Id(JsonNode.Parse(approval.Body)!));
        var comment = await _scenario.GitHub.CommentAsync(labelled, "/build", Maintainer);
        var (_, next) = await _scenario.PushForkAsync(labelled, Files());

        var again = await _scenario.DeliverAsync(approval.Delivery);
        await _scenario.DeliverAsync(comment.Delivery);

        Assert.StartsWith("late", again.Answer["verdict"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal("waiting", (await _scenario.BuildAsync(Id(next))).State);
    }

    [Fact]
    public async Task A_push_ends_the_wait_for_what_was_there_before_and_waits_itself()
    {
        var (pull, first) = await _scenario.OpenForkAsync(Files());

        var (_, second) = await _scenario.PushForkAsync(pull, Files());

        Assert.Equal("superseded", (await _scenario.BuildAsync(Id(first))).State);
        Assert.Equal("waiting", (await _scenario.BuildAsync(Id(second))).State);
    }

    [Fact]
    public async Task When_GitHub_does_not_say_who_may_write_the_delivery_is_refused_and_can_be_sent_again()
    {
        var (pull, _) = await _scenario.OpenForkAsync(Files());
        foreach (var _ in Enumerable.Range(0, 3))
        {
            _scenario.GitHub.Faults.Enqueue(new StandInFault { Status = 500, Path = $"/repos/{CiScenario.Repository}/collaborators" });
        }

        _scenario.GitHub.Redelivers = false;
        var refused = await _scenario.GitHub.CommentAsync(pull, "/build", Maintainer, pull.UpdatedAt.AddSeconds(2));
        _scenario.GitHub.Redelivers = true;
        var (_, again) = await _scenario.DeliverAsync(refused.Delivery);

        Assert.Equal(503, refused.Status);
        Assert.Equal("succeeded", (await _scenario.EndOfAsync(Id(again))).State);
    }

    [Fact]
    public async Task The_holder_of_the_key_approves_by_having_it_built()
    {
        var (_, opened) = await _scenario.OpenForkAsync(Files());

        var (status, _) = await _scenario.PostAsync($"api/builds/{Id(opened)}/rebuild");

        Assert.Equal((200, "succeeded"), (status, (await _scenario.EndOfAsync(Id(opened))).State));
    }

    [Fact]
    public async Task A_forks_image_has_a_name_of_its_own_and_leaves_no_layer_for_others()
    {
        var marker = "m" + Guid.NewGuid().ToString("n");
        var (pull, _) = await _scenario.OpenForkAsync(Files($"RUN echo {marker} > /made"));

        var built = await _scenario.EndOfAsync(Id(await _scenario.CommentAsync(pull, "/build", Maintainer)));

        var image = Assert.Single(built.Images);
        Assert.Equal(_scenario.ServiceName + "-forks", image.Name);
        Assert.Null(await registry.DigestAsync(_scenario.ServiceName, $"pr-{pull.Number}"));
        Assert.Null(await registry.DigestAsync(_scenario.ServiceName, "sha-" + pull.Head[..12]));
        Assert.DoesNotContain(marker, await engine.StepsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fork_that_fails_leaves_no_layer_for_others_either()
    {
        var marker = "m" + Guid.NewGuid().ToString("n");
        var (pull, _) = await _scenario.OpenForkAsync(Files($"RUN echo {marker} > /made\nRUN false"));

        var built = await _scenario.EndOfAsync(Id(await _scenario.CommentAsync(pull, "/build", Maintainer)));

        Assert.Equal("failed", built.State);
        Assert.DoesNotContain(marker, await engine.StepsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fork_sees_no_layer_of_the_repositorys_own_builds()
    {
        var step = $"RUN echo step-{Guid.NewGuid():n}";
        var own = Files(step);
        await _scenario.OpenAsync(own);
        own["more.txt"] = "so that it is another commit";
        var (pull, _) = await _scenario.OpenForkAsync(own);

        var built = await _scenario.EndOfAsync(Id(await _scenario.CommentAsync(pull, "/build", Maintainer)));

        Assert.DoesNotContain("Using cache", await _scenario.LogAsync(built.Id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forks_steps_have_no_network()
    {
        var (pull, _) = await _scenario.OpenForkAsync(Files("RUN ls /sys/class/net > /nets && cat /nets && test \"$(cat /nets)\" = lo"));

        var built = await _scenario.EndOfAsync(Id(await _scenario.CommentAsync(pull, "/build", Maintainer)));

        Assert.True(built.State == "succeeded", built.Summary + "\n" + await _scenario.LogAsync(built.Id));
    }

    [Fact]
    public async Task A_fork_that_is_closed_takes_its_tag_with_it_and_nobody_elses()
    {
        var own = await _scenario.OpenAsync(Files());
        var (pull, _) = await _scenario.OpenForkAsync(Files());
        var built = await _scenario.EndOfAsync(Id(await _scenario.CommentAsync(pull, "/build", Maintainer)));

        var (_, closed) = await _scenario.GitHub.ChangeAsync(pull with { State = "closed" }, "closed");
        await _scenario.EndOfAsync(Id(JsonNode.Parse(closed.Body)!));

        Assert.Null(await registry.DigestAsync(built.Images[0].Name, $"pr-{pull.Number}"));
        Assert.NotNull(await registry.DigestAsync(_scenario.ServiceName, $"pr-{own.PullRequest}"));
    }

    [Fact]
    public async Task A_merge_of_a_fork_is_a_release_like_any_other()
    {
        var (pull, _) = await _scenario.OpenForkAsync(Files());

        var (_, merged) = await _scenario.GitHub.MergeAsync(pull, new string('e', 40));

        var built = await _scenario.EndOfAsync(Id(JsonNode.Parse(merged.Body)!));
        Assert.Equal(("succeeded", _scenario.ServiceName), (built.State, Assert.Single(built.Images).Name));
    }

    private static string Id(JsonNode answer) => answer["id"]!.ToString();

    /// <summary>A stranger's base comes from a registry that gives it to anybody, not from what lies on the engine.</summary>
    private Dictionary<string, string> Files(string instruction = "")
    {
        var files = _scenario.Files($"says {Guid.NewGuid():n}");
        files["Dockerfile"] = files["Dockerfile"].Replace(DockerEngine.BaseImage, _base, StringComparison.Ordinal) + instruction + "\n";
        return files;
    }
}
