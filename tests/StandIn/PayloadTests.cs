using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ci.Pipeline.GitHub;
using Ci.StandIn;

namespace Ci.Tests.StandIn;

/// <summary>What the stand-in delivers has the shape of what GitHub delivers, and what GitHub delivers is read.</summary>
public sealed class PayloadTests
{
    private static readonly PullRequestState Pull = new()
    {
        Repository = "octo/app",
        Number = 7,
        Branch = "feature",
        Head = new string('a', 40),
        Before = new string('9', 40),
        Title = "A change",
        HeadRepository = "octo/app",
        UpdatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };

    public static TheoryData<string> Actions => new(
        "opened", "reopened", "synchronize", "closed", "ready_for_review", "converted_to_draft", "labeled", "unlabeled", "locked",
        "unlocked");

    [Theory]
    [MemberData(nameof(Actions))]
    public void A_pull_requests_payload_has_nothing_that_GitHubs_examples_do_not_have(string action) =>
        Assert.Equal([], Strange(Pull.Payload(action), Examples(action)));

    [Theory]
    [MemberData(nameof(Actions))]
    public void A_pull_requests_payload_has_everything_that_GitHubs_examples_all_have(string action) =>
        Assert.Equal([], Missing(Pull.Payload(action), Examples(action)));

    [Fact]
    public void A_merge_looks_as_GitHubs_examples_of_closed() =>
        Assert.Equal(
            [],
            Strange(
                (Pull with { State = "closed", Merged = true, MergeCommit = new string('c', 40) }).Payload("closed"), Examples("closed")));

    [Fact]
    public void A_ping_has_what_GitHubs_examples_of_a_repositorys_ping_have()
    {
        JsonObject[] examples = [.. WebhookExamples.Of("ping").Where(e => e["hook"]!["type"]!.GetValue<string>() == "Repository")];
        var payload = Ping.Payload("octo/app", new Uri("https://ci.example.com/api/webhook"));

        // The few pings are old; their repository and sender are of the same kind as a pull request's.
        Assert.Equal([], Strange(payload, [.. examples, .. WebhookExamples.Of("pull_request")]));
        Assert.Equal([], Missing(payload, examples));
    }

    [Fact]
    public void A_key_of_another_name_or_type_is_found()
    {
        var payload = Pull.Payload("opened");
        payload["pull_request"]!["id"] = "279147437";
        payload["pull_request"]!["head"]!["commit"] = payload["pull_request"]!["head"]!["sha"]!.DeepClone();
        payload["pull_request"]!["title"] = null;
        payload.Remove("sender");

        Assert.Equal(
            ["$.pull_request.head.commit is String", "$.pull_request.id is String", "$.pull_request.title is Null"],
            Strange(payload, Examples("opened")).Order(StringComparer.Ordinal));
        Assert.Contains("$.sender", Missing(payload, Examples("opened")));
    }

    [Theory]
    [InlineData("opened", false)]
    [InlineData("closed", true)]
    public void The_CI_reads_from_the_stand_ins_payload_what_is_in_it(string action, bool merged)
    {
        var read = Read((Pull with { Merged = merged, Draft = true }).Payload(action));

        Assert.Equal(
            (action, 7, "octo/app", true, merged),
            (read.Action, read.Number, read.Repository.FullName, read.PullRequest.Draft, read.PullRequest.Merged));
        Assert.Equal(("A change", "sample-author"), (read.PullRequest.Title, read.PullRequest.User?.Login));
        Assert.Equal(("feature", Pull.Head, "main"), (read.PullRequest.Head.Ref, read.PullRequest.Head.Sha, read.PullRequest.Base.Ref));
        Assert.Equal((Pull.UpdatedAt, "https://github.com/octo/app/pull/7"), (read.PullRequest.UpdatedAt, read.PullRequest.HtmlUrl));
        Assert.False(read.PullRequest.IsFork);
    }

    /// <summary>Also what the CI can do without: a key that is only in its own records would otherwise read as absent for ever.</summary>
    [Fact]
    public void Every_key_that_the_CI_reads_is_in_the_stand_ins_payload_and_in_GitHubs_examples()
    {
        // Between them they have every key: one tells what was pushed over, the other which label was set.
        JsonObject[] payloads = [(Pull with { Before = new string('b', 40) }).Payload("synchronize"), Pull.Payload("labeled")];
        string[] read = [
            .. payloads.SelectMany(payload => WebhookExamples.Places(JsonNode.Parse(JsonSerializer.Serialize(Read(payload), Reading))!))
            .Select(p => p.Key).Distinct()];
        var delivered = WebhookExamples.Places(payloads);
        var examples = WebhookExamples.Places([.. Examples("synchronize"), .. Examples("labeled")]);

        Assert.Contains("$.pull_request.head.repo.full_name", read);
        Assert.All(read, place => Assert.True(delivered.Contains(place) && examples.Contains(place), place));
    }

    [Fact]
    public void A_comments_payload_has_what_GitHubs_examples_have_and_all_that_the_CI_reads()
    {
        JsonObject[] examples = [.. WebhookExamples.Of("issue_comment").Where(e => e["action"]!.GetValue<string>() == "created")];
        var payload = GitHubStandIn.CommentPayload(Pull, "/build", "maintainer", Pull.UpdatedAt);
        var read = IssueCommentEvent.Parse(Encoding.UTF8.GetBytes(payload.ToJsonString()));

        // The published examples are of issues; a pull request's has one key more, which the API's description of an issue knows.
        var onIssue = GitHubStandIn.CommentPayload(Pull, "/build", "maintainer", Pull.UpdatedAt, isIssue: true);
        Assert.Equal([], Strange(onIssue, [.. examples, .. WebhookExamples.Of("pull_request")]));
        Assert.Equal([], Missing(onIssue, examples));
        Assert.Equal(
            ["pull_request"], payload["issue"]!.AsObject().Select(p => p.Key).Except(onIssue["issue"]!.AsObject().Select(p => p.Key)));
        Assert.Equal(
            ("created", 7, "/build", "octo/app", "maintainer", Pull.UpdatedAt, true),
            (read.Action, read.Issue.Number, read.Comment.Body, read.Repository.FullName,
             read.Sender?.Login, read.Comment.CreatedAt, read.Issue.PullRequest is not null));
    }

    [Fact]
    public void Every_published_example_is_read()
    {
        var examples = WebhookExamples.Of("pull_request");

        Assert.True(examples.Count > 20);
        Assert.All(examples, example =>
        {
            var read = Read(example);
            var pull = example["pull_request"]!;
            Assert.Equal(
                (example["action"]!.GetValue<string>(), example["number"]!.GetValue<int>(),
                 pull["head"]!["sha"]!.GetValue<string>(), pull["merged"]!.GetValue<bool>()),
                (read.Action, read.Number, read.PullRequest.Head.Sha, read.PullRequest.Merged));
            Assert.Equal(example["repository"]!["id"]!.GetValue<long>(), read.Repository.Id);
            Assert.False(read.PullRequest.IsFork);
        });
    }

    private static readonly JsonSerializerOptions Reading = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private static PullRequestEvent Read(JsonObject payload) => PullRequestEvent.Parse(Encoding.UTF8.GetBytes(payload.ToJsonString()));

    private static JsonObject[] Examples(string action) =>
        [.. WebhookExamples.Of("pull_request").Where(e => e["action"]!.GetValue<string>() == action)];

    /// <summary>What the payload has at a place where no example has anything, or only something of another type. Where the
    /// examples know nothing but null (nobody merged, no milestone), they cannot tell what else there may be; and null may also
    /// be where the description of the API says so.</summary>
    private static IEnumerable<string> Strange(JsonObject payload, JsonObject[] examples)
    {
        var known = WebhookExamples.Places(examples);
        bool IsOpen(string place) => known.Contains(place) && known[place].All(kind => kind == JsonValueKind.Null);
        return WebhookExamples.Places(payload)
            .Where(place => !Above(place.Key).Any(IsOpen))
            .SelectMany(place => place.Except(known[place.Key])
                .Where(kind => kind != JsonValueKind.Null || !known.Contains(place.Key) || !MayBeNull(place.Key))
                .Select(kind => $"{place.Key} is {kind}"));
    }

    private static bool MayBeNull(string place)
    {
        var names = place.Split('.')[1..];
        return names[0] is "pull_request" or "repository"
            && GitHubDescription.Instance.MayBeNull(names[0].Replace('_', '-'), names[1..]);
    }

    /// <summary>What all examples have and the payload has not. A GitHub App's deliveries alone carry its installation; a list's
    /// items, and what is in an object where the payload has null, are the examples' own.</summary>
    private static IEnumerable<string> Missing(JsonObject payload, JsonObject[] examples)
    {
        var has = WebhookExamples.Places(payload);
        return examples.Select(e => WebhookExamples.Places(e).Select(p => p.Key)).Aggregate((a, b) => a.Intersect(b))
            .Where(place => !has.Contains(place)
                && !place.StartsWith("$.installation", StringComparison.Ordinal)
                && !place.Contains("[]", StringComparison.Ordinal)
                && !Above(place).Any(above => has[above].Contains(JsonValueKind.Null)));
    }

    /// <summary>A place and those that it is in.</summary>
    private static IEnumerable<string> Above(string place) =>
        place.Select((c, i) => (c, i)).Where(x => x.c is '.' or '[' && x.i > 1).Select(x => place[..x.i]).Append(place);
}
