using Ci.Tests.Fixtures;

namespace Ci.Tests.Faults;

/// <summary>Brings GitHub's deliveries to the hosts: late, twice, out of order, and what was not taken once more in the end.</summary>
internal sealed class DeliveryScheduler(FaultEnvironment environment, Traffic traffic, Random random)
{
    private readonly List<Guid> _waiting = [];
    private readonly List<Guid> _refused = [];
    private int _accepted;

    public string Summary => $"{_accepted} deliveries taken, {_refused.Count} of them at a later try";

    public async Task RunAsync(Func<bool> isOn)
    {
        while (isOn())
        {
            _waiting.AddRange(await traffic.HappenAsync());
            while (_waiting.Count > random.Next(4))
            {
                await DeliverAsync();
            }

            await Task.Delay(random.Next(100, 900));
        }
    }

    /// <summary>What a person does who sees red crosses in <i>Recent deliveries</i>.</summary>
    public async Task DeliverRestAsync()
    {
        while (_waiting.Count > 0)
        {
            await DeliverAsync();
        }

        foreach (var delivery in _refused)
        {
            await TestEnvironment.UntilAsync(
                async () => await environment.DeliverAsync(delivery, 0) is 200 or 202, $"delivery {delivery}",
                onTimeout: environment.Output);
        }
    }

    private async Task DeliverAsync()
    {
        var next = _waiting[random.Next(_waiting.Count)];
        _waiting.Remove(next);
        if (await environment.DeliverAsync(next, random.Next(2)) is 200 or 202)
        {
            _accepted++;
        }
        else
        {
            _refused.Add(next);
        }
    }
}
