namespace Ci.Tests.Faults;

/// <summary>The hand that kills, restarts, cuts and slows, until it has killed hosts so many times.</summary>
internal sealed class FaultInjector(FaultEnvironment world, Random random, int kills)
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
        10 => CountAsync("host stopped", world.StopHostAsync(random.Next(2))),
        11 => CountAsync("engine restarted", world.RestartEngineAsync()),
        12 => CountAsync("registry restarted", world.RestartRegistryAsync()),
        13 => CountAsync("storage restarted", world.RestartStorageAsync()),
        14 => CountAsync("GitHub restarted", world.RestartGitHubAsync()),
        15 => SlowAsync(random.Next(6)),
        _ => CutAsync(random.Next(6)),
    };

    private Task KillAsync(int host)
    {
        _killed++;
        return CountAsync("host killed", world.KillHostAsync(host));
    }

    private Task CutAsync(int relay)
    {
        world.Cut(relay);
        return CountAsync("connections cut", Task.CompletedTask);
    }

    private async Task SlowAsync(int relay)
    {
        world.Slow(relay, TimeSpan.FromMilliseconds(random.Next(20, 200)));
        await CountAsync("part slowed down", Task.Delay(1000));
        world.Slow(relay, TimeSpan.Zero);
    }

    private Task CountAsync(string what, Task doing)
    {
        _done[what] = _done.GetValueOrDefault(what) + 1;
        return doing;
    }
}
