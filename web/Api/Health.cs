using System.Text.Json.Serialization;

namespace Ci.Web.Api;

public enum PartState
{
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>Builds run, but somebody should look.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>It does not do what it should.</summary>
    [JsonStringEnumMemberName("failing")]
    Failing,

    /// <summary>It is not set up.</summary>
    [JsonStringEnumMemberName("unused")]
    Unused,
}

/// <summary><c>Says</c> also says what to do if something is wrong; null for those who have no key.</summary>
public sealed record HealthPart(string Name, PartState State, string? Says);

public sealed record HealthView(bool CanBuild, IReadOnlyList<HealthPart> Parts)
{
    /// <summary>Anybody may see that a part fails, and nothing of where it is or how full.</summary>
    public HealthView ForStrangers() => this with { Parts = [.. Parts.Select(part => part with { Says = null })] };
}

/// <summary>One look is good for a few seconds, however many ask.</summary>
public sealed class Health(HealthChecks checks, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private Task<HealthView>? _look;
    private DateTimeOffset _lookedAt;

    public Task<HealthView> LookAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_look is null || time.GetUtcNow() - _lookedAt > Fresh)
            {
                _lookedAt = time.GetUtcNow();
                // Not by the one caller's token: others wait for the same look.
                _look = LookAsync();
            }

            return _look.WaitAsync(cancellationToken);
        }
    }

    private async Task<HealthView> LookAsync()
    {
        var parts = await Task.WhenAll(
            checks.StorageAsync(),
            checks.QueueAsync(),
            checks.EngineAsync(),
            checks.RegistryAsync(),
            checks.GitHubAsync(),
            checks.TunnelAsync());
        var canBuild = parts.All(part => part.State != PartState.Failing || part.Name is HealthChecks.GitHub or HealthChecks.Tunnel);
        return new HealthView(canBuild, parts);
    }
}
