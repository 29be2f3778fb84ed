using System.Text.Json.Nodes;
using Azure.Storage.Queues;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Reporting;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Faults;

/// <summary>Looks, when all is quiet, whether everything ended right; each sentence is something that did not.</summary>
internal sealed class Invariants(FaultEnvironment environment, Traffic traffic)
{
    private readonly BuildStore _records = new(
        new BuildsTable(
            Options.Create(new StorageOptions { ConnectionString = environment.Storage, RequestLimit = TimeSpan.FromMinutes(2) })));
    private readonly BuildId _ids = new(FaultEnvironment.Secret);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>What was left to do when it was last looked, for people.</summary>
    public string Left { get; private set; } = "";

    /// <summary>How much is left to do: builds, messages, temporary files and containers.</summary>
    public async Task<int> LeftAsync()
    {
        var active = await _records.ActiveAsync(Cancellation);
        var files = environment.Temporary.EnumerateFileSystemInfos().Count();
        var messages =
            (await new QueueClient(environment.Storage, BuildQueue.Name).GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount;
        var names = (await NamesLeftAsync()).Count;
        var containers = (await environment.Engine.RunAsync("ps", "--all", "--quiet"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        Left = $"{files} temporary files, {messages} messages, {containers} containers, {names} names\n" + string.Join(
            "\n", active.Select(r => $"{r.Id} {r.State} {r.Summary} owner {r.Owner} until {r.OwnedUntil} reported {r.Reported}"));
        return active.Count + files + messages + containers + names;
    }

    public async Task<IReadOnlyList<string>> ProblemsAsync()
    {
        var problems = new List<string>();
        foreach (var pull in traffic.Pulls)
        {
            problems.AddRange(await OfPullAsync(pull));
        }

        problems.AddRange(await OfLatestAsync());
        problems.AddRange(await LeftoversAsync());
        return problems;
    }

    private async Task<IReadOnlyList<string>> OfPullAsync(IReadOnlyList<Happened> pull)
    {
        var problems = new List<string>();
        var newest = pull[^1];
        var name = $"{newest.Pull.Repository}#{newest.Pull.Number}";
        foreach (var happened in pull)
        {
            if (await RecordAsync(happened) is { } record)
            {
                problems.AddRange(OfRecord(name, record, happened, newest));
                problems.AddRange(await OfCommitTagAsync(name, record));
            }
            else if (happened.Purpose != BuildPurpose.Close)
            {
                problems.Add($"{name} at {happened.Pull.Head[..12]} was accepted and has no record");
            }
        }

        var tag = await RevisionAsync(newest.Pull.Repository, $"pr-{newest.Pull.Number}");
        if (newest.Purpose != BuildPurpose.PullRequest ? tag is not null : newest.Builds && tag != newest.Pull.Head)
        {
            problems.Add($"{name}: pr-{newest.Pull.Number} is at {tag ?? "nothing"}; the newest that happened is {newest.Purpose} of "
                + $"{newest.Pull.Head} (builds: {newest.Builds})");
        }

        return problems;
    }

    private IEnumerable<string> OfRecord(string name, Build record, Happened happened, Happened newest)
    {
        var isNewest = happened.Purpose == newest.Purpose && happened.Pull.Head == newest.Pull.Head;
        BuildState ended = happened.Purpose == BuildPurpose.Close || happened.Builds ? BuildState.Succeeded : BuildState.Failed;
        BuildState[] allowed = isNewest ? [ended] : [ended, BuildState.Superseded, BuildState.Cancelled];
        if (!allowed.Contains(record.State))
        {
            yield return $"{name}: build {record.Id} of {happened.Purpose} {happened.Pull.Head[..12]} ended as {record.State} "
                + $"({record.Summary}), not as {string.Join(" or ", allowed)}:\n  {string.Join("\n  ", record.LogTail)}";
        }

        var context = happened.Purpose == BuildPurpose.Merge ? "docker-image/merge" : "docker-image";
        var told = environment.GitHub.Statuses(happened.Pull.Repository, happened.Pull.Head).LastOrDefault(
            status => status.Context == context);
        var word = record.State switch { BuildState.Succeeded => "success", BuildState.Failed => "failure", _ => "error" };
        if (happened.Purpose != BuildPurpose.Close && (told?.State != word || told.Description != StatusText.Of(record)))
        {
            yield return $"{name}: build {record.Id} is {record.State} ({StatusText.Of(record)}), but GitHub was told "
                + $"{told?.State ?? "nothing"} ({told?.Description})";
        }
    }

    private async Task<IReadOnlyList<string>> OfCommitTagAsync(string name, Build record)
    {
        if (record.State != BuildState.Succeeded || record.Images.Count == 0)
        {
            return [];
        }

        var revision = await RevisionAsync(record.Request.Repository, "sha-" + record.Request.Commit[..12]);
        return revision == record.Request.Commit ? [] : [$"{name}: sha-{record.Request.Commit[..12]} is at {revision ?? "nothing"}"];
    }

    /// <summary>latest belongs to the last merge that can be built.</summary>
    private async Task<IReadOnlyList<string>> OfLatestAsync()
    {
        var problems = new List<string>();
        foreach (var merges in traffic.Pulls.Select(pull => pull[^1]).Where(h => h.Purpose == BuildPurpose.Merge && h.Builds).GroupBy(
            h => h.Pull.Repository))
        {
            // What a delivery says is in whole seconds; TagClaims says who is the later within one.
            var last = merges.MaxBy(h => (h.Pull.UpdatedAt.ToUnixTimeSeconds(), h.Pull.Number))!;
            foreach (var tag in new[] { "latest", "1.0" })
            {
                var revision = await RevisionAsync(merges.Key, tag);
                if (revision != last.Pull.Head)
                {
                    problems.Add(
                        $"{merges.Key}: {tag} is at {revision ?? "nothing"}; the last merge is of {last.Pull.Head} (#{last.Pull.Number})");
                }
            }
        }

        return problems;
    }

    private async Task<IReadOnlyList<string>> NamesLeftAsync() =>
        [.. (await environment.Engine.ImageNamesAsync()).Where(
            image => image.StartsWith(environment.RegistryAddress, StringComparison.Ordinal))];

    private async Task<IReadOnlyList<string>> LeftoversAsync()
    {
        var problems = new List<string>();
        var containers = (await environment.Engine.RunAsync("ps", "--all", "--format", "{{.ID}} {{.Status}} {{.Command}}")).Trim();
        if (containers.Length > 0)
        {
            problems.Add("containers are left: " + containers);
        }

        if (await NamesLeftAsync() is { Count: > 0 } names)
        {
            problems.Add("images have names left: " + string.Join(", ", names));
        }

        var poison = new QueueClient(environment.Storage, PoisonQueue.QueueName);
        if (await poison.ExistsAsync(Cancellation)
            && (await poison.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount is > 0 and var count)
        {
            problems.Add($"{count} messages were given up");
        }

        return problems;
    }

    private Task<Build?> RecordAsync(Happened happened) => _records.FindAsync(
        _ids.Of(happened.Pull.Repository, happened.Pull.Number, happened.Pull.Head, happened.Purpose), Cancellation);

    /// <summary>The commit that the image behind a tag says it was built from.</summary>
    private async Task<string?> RevisionAsync(string repository, string tag)
    {
        using var http = new HttpClient { BaseAddress = environment.Registry.Url };
        var name = traffic.ImageOf(repository);
        if (await new RegistryClient(http).FindAsync(name, tag, Cancellation) is not { } manifest)
        {
            return null;
        }

        var config = JsonNode.Parse(manifest.Content)!["config"]!["digest"]!.ToString();
        var image = JsonNode.Parse(await http.GetStringAsync($"v2/{name}/blobs/{config}", Cancellation))!;
        return image["config"]?["Labels"]?["org.opencontainers.image.revision"]?.ToString() ?? "an image without a revision";
    }
}
