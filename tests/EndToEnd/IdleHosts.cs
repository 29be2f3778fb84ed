using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>Running hosts that a scenario has done with, for the next one that wants the same settings: to start a host, and to
/// have it do everything for the first time, takes longer than most scenarios. It knows no scenario: each has its own repository,
/// its own pull requests' numbers and image name, and a GitHub that has forgotten the last one.</summary>
public sealed class IdleHosts : IAsyncDisposable
{
    // Each looks into its queue all the time, which costs little; to start another costs much.
    private const int Most = 8;

    private static readonly Lock Access = new();
    private static readonly List<IdleHost> Idle = [];

    /// <summary>A host that is free, or null.</summary>
    internal static IdleHost? Take(string key)
    {
        lock (Access)
        {
            var found = Idle.FindLast(idle => idle.Key == key);
            if (found is not null)
            {
                Idle.Remove(found);
            }

            return found;
        }
    }

    /// <summary>Keeps a host, and ends the one that has been idle for longest when there are too many.</summary>
    internal static async Task KeepAsync(IdleHost host)
    {
        IdleHost? oldest = null;
        lock (Access)
        {
            Idle.Add(host);
            if (Idle.Count > Most)
            {
                oldest = Idle[0];
                Idle.RemoveAt(0);
            }
        }

        await (oldest?.Host.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var idle in Idle)
        {
            // Storage and engine go at the same time; it must not wait for them.
            await idle.Host.KillAsync();
            await idle.Host.DisposeAsync();
        }

        Idle.Clear();
    }

    /// <param name="Key">What it was started with, but for what is each scenario's own.</param>
    /// <param name="Host">The host.</param>
    /// <param name="Settings">What it was started with.</param>
    /// <param name="PullRequests">The highest number that a pull request has had.</param>
    internal sealed record IdleHost(string Key, RunningHost Host, Dictionary<string, string?> Settings, int PullRequests);
}
