namespace Ci.Tests.Faults;

/// <summary>Kills, restarts, cuts and slows, until it has killed hosts so many times.</summary>
internal sealed class FaultInjector(FaultEnvironment environment, Random random, int kills)
{
    private readonly SortedDictionary<string, int> _done = new(StringComparer.Ordinal);
    private int _killed;

    public bool IsDone { get; private set; }

    public string Summary => string.Join(", ", _done.Select(done => $"{done.Value} × {done.Key}"));

    public async Task RunAsync()
    {
        try
        {
            while (_killed < kills)
            {
                // What happens in between is not waited for on purpose: the moment is to be any moment.
                await Task.Delay(random.Next(200, 1500));
                await DoAsync(random.Next(20));
            }
        }
        finally
        {
            IsDone = true;
        }
    }

    private Task DoAsync(int choice) => choice switch
    {
        < 10 => KillAsync(random.Next(2)),
        10 => CountAsync("host stopped", environment.StopHostAsync(random.Next(2))),
        11 => CountAsync("engine restarted", environment.RestartEngineAsync()),
        12 => CountAsync("registry restarted", environment.RestartRegistryAsync()),
        13 => CountAsync("storage restarted", environment.RestartStorageAsync()),
        14 => CountAsync("GitHub restarted", environment.RestartGitHubAsync()),
        15 => SlowAsync(random.Next(6)),
        _ => CutAsync(random.Next(6)),
    };

    private Task KillAsync(int host)
    {
        _killed++;
        return CountAsync("host killed", environment.KillHostAsync(host));
    }

    private Task CutAsync(int relay)
    {
        environment.Cut(relay);
        return CountAsync("connections cut", Task.CompletedTask);
    }

    private async Task SlowAsync(int relay)
    {
        environment.Slow(relay, TimeSpan.FromMilliseconds(random.Next(20, 200)));
        await CountAsync("part slowed down", Task.Delay(1000));
        environment.Slow(relay, TimeSpan.Zero);
    }

    private Task CountAsync(string what, Task doing)
    {
        _done[what] = _done.GetValueOrDefault(what) + 1;
        return doing;
    }
}
