using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Ci.StandIn;

namespace Ci.Bench;

/// <summary>A merge whose head commit was built, whose images are published as they are, beside one that has to be built.</summary>
internal static class PromotionBench
{
    private const double Goal = 0.3;

    public static async Task RunAsync(Workbench bench, Report report, int rounds)
    {
        report.Heading("Merge");
        await using var host = await HostProcess.StartAsync(bench.GitHub.BaseUrl);
        var (promoted, built) = (new List<double>(), new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            var (promotedNow, builtNow) = (await MergeAsync(bench, host, isBuilt: true), await MergeAsync(bench, host, isBuilt: false));
            if (round > 0)
            {
                promoted.Add(promotedNow);
                built.Add(builtNow);
            }
        }

        report.Table(
            ["merge of", "delivery to image under the merge's tags", $"goal: {Goal.ToString(CultureInfo.InvariantCulture)} s at most"],
            [
                ["a head that its pull request built", Report.Seconds(Workbench.Median(promoted)), Report.Met(
                    Workbench.Median(promoted) <= Goal)],
                ["a head that nobody built (small, uncached)", Report.Seconds(Workbench.Median(built)), "–"],
            ]);
    }

    private static async Task<double> MergeAsync(Workbench bench, HostProcess host, bool isBuilt)
    {
        // A version of its own, so that the registry does not have the merge's tag before.
        var version = Guid.NewGuid().ToString("n");
        var info = $$"""{ "service_name": "bench-ours/merged", "version": "{{version}}" }""";
        var @case = BuildCase.SmallUncached with
        {
            Files = unique => new(BuildCase.SmallUncached.Files(unique)) { ["dockerInfo.json"] = info },
        };
        var change = await bench.CommitAsync(@case);
        var pull = new PullRequestState
        {
            Repository = @case.Repository,
            Number = Random.Shared.Next(1_000_000, int.MaxValue),
            Branch = change.Branch,
            Head = change.Commit,
            Title = "A change",
            HeadRepository = @case.Repository,
            UpdatedAt = DateTimeOffset.UtcNow,
        };
        bench.GitHub.WebhookUrl = host.Webhook;
        if (isBuilt)
        {
            (pull, var opened) = await bench.GitHub.ChangeAsync(pull, "opened");
            await host.EndAsync(IdIn(opened));
        }

        var watch = Stopwatch.StartNew();
        var (_, merged) = await bench.GitHub.MergeAsync(pull, change.Commit);
        var end = host.EndAsync(IdIn(merged));
        await bench.UntilPushedAsync([("bench-ours/merged", version)], end);
        var time = watch.Elapsed.TotalSeconds;
        await end;
        return time;
    }

    private static string IdIn(DeliveryAnswer answer) =>
        JsonNode.Parse(answer.Body)?["id"]?.GetValue<string>()
            ?? throw new InvalidOperationException($"The delivery was answered {answer.Status}: {answer.Body}");
}
