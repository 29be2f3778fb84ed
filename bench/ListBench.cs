using System.Diagnostics;
using System.Globalization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Microsoft.Extensions.Options;

namespace Ci.Bench;

/// <summary>How long the lists of builds take when there are many: what a page reads, over the storage that the environment
/// names.</summary>
internal static class ListBench
{
    private const int Repositories = 20;

    // A transaction takes 100 rows; a build that has ended has four or fewer.
    private const int AtOnce = 25;

    public static async Task RunAsync(string connection, int builds)
    {
        var table = new BuildsTable(Options.Create(new StorageOptions { ConnectionString = connection }));
        var records = new BuildStore(table);
        var lists = new BuildLists(records);
        var watch = Stopwatch.StartNew();
        foreach (var some in Enumerable.Range(0, builds).Chunk(AtOnce))
        {
            await table.TryWriteAsync(some.SelectMany(i => BuildRow.Add(Made(i))), CancellationToken.None);
        }

        Console.WriteLine($"lists of {builds:N0} builds of {Repositories} repositories (written in {watch.Elapsed.TotalSeconds:F0} s)");
        var middle = Made(builds / 2);
        await MeasureAsync("the newest", lists, new BuildFilter());
        await MeasureAsync("from the middle on", lists, new BuildFilter { Before = BuildRow.Place(middle) });
        await MeasureAsync("of a repository", lists, new BuildFilter { Repository = middle.Request.Repository });
        await MeasureAsync("of a state", lists, new BuildFilter { State = BuildState.Failed });
        await MeasureAsync(
            "of a repository and a state", lists, new BuildFilter { Repository = middle.Request.Repository, State = BuildState.Failed });
        await MeasureAsync(
            "of a pull request", lists,
            new BuildFilter { Repository = middle.Request.Repository, PullRequest = middle.Request.PullRequest });
        await MeasureAsync("that run", lists, new BuildFilter { State = BuildState.Running });
        await MeasureAsync("names of the repositories", () => lists.RepositoriesAsync(CancellationToken.None));
        await MeasureAsync("one build", () => records.FindAsync(middle.Id, CancellationToken.None));
    }

    private static Task MeasureAsync(string what, BuildLists lists, BuildFilter filter) =>
        MeasureAsync(what, () => lists.ListAsync(filter, 50, CancellationToken.None));

    private static async Task MeasureAsync(string what, Func<Task> read)
    {
        await read();
        var times = new double[5];
        for (var i = 0; i < times.Length; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await read();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Console.WriteLine($"  {what,-28} p50 {times.Order().ElementAt(times.Length / 2),8:F1} ms");
    }

    private static Build Made(int number)
    {
        var repository = string.Create(CultureInfo.InvariantCulture, $"bench/repository-{number % Repositories}");
        var time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(number);
        var pull = number / 3;
        var state = number % 10 == 0 ? BuildState.Failed : BuildState.Succeeded;
        var commit = number.ToString("x40", CultureInfo.InvariantCulture);
        return Build.Queued(new BuildRequest
        {
            BuildId = new BuildId("bench").Of(repository, pull, commit, BuildPurpose.PullRequest),
            Purpose = BuildPurpose.PullRequest,
            Repository = repository,
            PullRequest = pull,
            Commit = commit,
            Title = "A change like any other",
            Url = $"https://github.com/{repository}/pull/1",
            Author = "bench",
            HeadRef = "feature",
            BaseRef = "main",
            UpdatedAt = time,
            Delivery = "",
            QueuedAt = time,
        }) with
        { State = state, Summary = "Ended.", StartedAt = time, FinishedAt = time.AddSeconds(40), Reported = state, Commented = state };
    }
}
