using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Text;
using Ci.Web.Pages.Regions;
using Microsoft.Extensions.Hosting;

namespace Ci.Web.Pages;

/// <summary>Server-sent events (HTML Living Standard): <c>build</c> has the parts of the page that changed, <c>log</c> new lines,
/// with the log's offset behind them as the event's id. <c>end</c> says that nothing more will come.</summary>
public sealed class BuildEvents(BuildStore store, BuildLogs logs, WebPages pages, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    // Browsers come again by themselves; a limit keeps what was forgotten from staying for ever.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    /// <summary>The build has ended, and its worker has let go of it.</summary>
    public static bool IsOver(Build build, DateTimeOffset now) => build.IsFinal && !build.IsHeld(now);

    /// <summary>Ends when the build is over, the client is gone, or the host stops.</summary>
    public async IAsyncEnumerable<string> FollowAsync(string id, long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        yield return "retry: 1000\n\n";
        var log = new LogView();
        var sent = new Dictionary<string, string>();
        var known = "";
        var (begin, last) = (time.GetTimestamp(), time.GetTimestamp());
        await SkipAsync(log, id, offset, stop.Token);
        while (await FindAsync(id, stop.Token) is { } build && time.GetElapsedTime(begin) < Longest)
        {
            if (Key(build) is var key && key != known)
            {
                known = key;
                last = time.GetTimestamp();
                yield return await BuildEventAsync(build, sent, stop.Token);
            }

            // What was logged before the build was over is stored by then.
            if (await LogEventAsync(log, id, offset, stop.Token) is { } added)
            {
                last = time.GetTimestamp();
                yield return added;
            }

            if (IsOver(build, time.GetUtcNow()))
            {
                yield return "event: end\ndata:\n\n";
                yield break;
            }

            if (time.GetElapsedTime(last) > Silence)
            {
                last = time.GetTimestamp();
                yield return ": still here\n\n";
            }

            await WaitAsync(stop.Token);
        }
    }

    /// <summary>The lines' numbers, sections and colours go on from what the page has already.</summary>
    private async Task SkipAsync(LogView log, string id, long offset, CancellationToken cancellationToken)
    {
        if (offset > 0 && await logs.ReadAsync(id, 0, cancellationToken) is { } stream)
        {
            await using (stream)
            {
                await log.ReadAsync(stream, cancellationToken, until: offset);
            }
        }
    }

    private async Task<string?> LogEventAsync(LogView log, string id, long offset, CancellationToken cancellationToken)
    {
        // A page that knows of more than there is has another log: there is nothing to add to it.
        if (cancellationToken.IsCancellationRequested || log.Offset < offset
            || await logs.ReadAsync(id, log.Offset, cancellationToken) is not { } stream)
        {
            return null;
        }

        await using (stream)
        {
            var sections = await log.ReadAsync(stream, cancellationToken);
            if (sections.Count == 0)
            {
                return null;
            }

            var data = new LogEventData(log.Lines, [.. sections.Select(section => new SectionEvent(
                section.Number,
                section.RenderShell()?.ToString(),
                section.RenderLines().ToString(),
                section.Took))]);
            return Event("log", JsonSerializer.Serialize(data, EventJson.Default.LogEventData), log.Offset);
        }
    }

    private async Task<string> BuildEventAsync(Build build, Dictionary<string, string> sent, CancellationToken cancellationToken)
    {
        var changed = new Dictionary<string, string>();
        foreach (var (region, html) in await pages.RegionsAsync(build, cancellationToken))
        {
            if (sent.GetValueOrDefault(region) != html)
            {
                changed[region] = sent[region] = html;
            }
        }

        var data = new BuildEventData(Format.Word(build.State), StateRegion.Announcement(build), Ago.Iso(time.GetUtcNow()), changed);
        return Event("build", JsonSerializer.Serialize(data, EventJson.Default.BuildEventData), null);
    }

    private async Task<Build?> FindAsync(string id, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? null : await store.FindAsync(id, cancellationToken);

    private static string Key(Build build) => string.Join(
        '\n',
        build.State,
        build.Summary,
        build.Attempts,
        build.StartedAt,
        build.FinishedAt,
        build.SupersededBy,
        build.Stages.Count,
        build.Images.Count);

    private static string Event(string name, string json, long? id) =>
        (id is { } number ? string.Create(CultureInfo.InvariantCulture, $"id: {number}\n") : "") + $"event: {name}\ndata: {json}\n\n";

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Pause, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The client is gone, or the host stops: the loop ends by itself.
        }
    }
}

internal sealed record BuildEventData(string State, string Say, string Now, Dictionary<string, string> Regions);

internal sealed record LogEventData(int Lines, IReadOnlyList<SectionEvent> Sections);

/// <summary>A section that is new comes with its shell.</summary>
internal sealed record SectionEvent(int Number, string? Shell, string Lines, string Took);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BuildEventData))]
[JsonSerializable(typeof(LogEventData))]
internal sealed partial class EventJson : JsonSerializerContext;
