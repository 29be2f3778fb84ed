using System.Globalization;

namespace Ci.Bench;

/// <summary>A program that is not ours and has the same shell script run by the same signed delivery.</summary>
internal abstract class HookedPeer(Workbench bench, bool buildKit) : ISide
{
    public abstract string Name { get; }

    /// <summary>The folder of the peers' own files.</summary>
    protected static string Files => Path.Combine(AppContext.BaseDirectory, "peers");

    /// <summary>Where its deliveries go.</summary>
    protected abstract Uri Hook { get; }

    public Task PrepareAsync(Change change) => Task.CompletedTask;

    public Task<Work> BeginAsync(Change change) =>
        Task.FromResult(new Work([.. change.Case.Images.Select(image => ($"bench-{Name}/{image}", change.Tag))], DeliverAsync(change)));

    public abstract ValueTask DisposeAsync();

    /// <summary>What it and the script need to know.</summary>
    protected Dictionary<string, string> Environment(int port) => new(Docker.Environment(buildKit))
    {
        ["GITHUB_API"] = bench.GitHub.BaseUrl.ToString().TrimEnd('/'),
        ["GITHUB_TOKEN"] = Settings.Token,
        ["WEBHOOK_SECRET"] = Settings.Secret,
        ["HOOK_COMMAND"] = Path.Combine(Files, "build.sh"),
        ["REGISTRY"] = Settings.Registry,
        ["DOCKER"] = bench.Docker.Path,
        ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
        // All of it on one machine, and none of it in another one's cache of names.
        ["no_proxy"] = "*",
    };

    private async Task DeliverAsync(Change change)
    {
        try
        {
            var (_, answer) = await bench.OpenAsync(change, Hook);
            if (answer.Status >= 300)
            {
                throw new InvalidOperationException($"{Name} answered {answer.Status}: {answer.Body}");
            }
        }
        catch (OperationCanceledException)
        {
            // GitHub waits ten seconds and gives the delivery up; a server that builds inside the request goes on all the same.
        }
    }
}
