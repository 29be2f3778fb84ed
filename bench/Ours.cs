using System.Globalization;
using System.Text.Json.Nodes;

namespace Ci.Bench;

/// <summary>Our host: a delivery, a queue, a build, the tag of the pull request.</summary>
internal sealed class Ours : ISide
{
    private readonly Workbench _bench;
    private readonly HostProcess _host;

    private Ours(Workbench bench, HostProcess host)
    {
        _bench = bench;
        _host = host;
    }

    public string Name => "ours";

    public static async Task<Ours> StartAsync(Workbench bench, bool buildKit) => new(
        bench,
        await HostProcess.StartAsync(
            bench.GitHub.BaseUrl, new Dictionary<string, string> { ["Docker__Builder"] = buildKit ? "BuildKit" : "Classic" }));

    public Task PrepareAsync(Change change) => Task.CompletedTask;

    public async Task<Work> BeginAsync(Change change)
    {
        var (pull, answer) = await _bench.OpenAsync(change, _host.Webhook);
        var id = JsonNode.Parse(answer.Body)?["id"]?.GetValue<string>()
            ?? throw new InvalidOperationException($"The delivery was answered {answer.Status}: {answer.Body}");
        var tag = "pr-" + pull.Number.ToString(CultureInfo.InvariantCulture);
        return new Work([.. change.Case.Images.Select(image => ("bench-ours/" + image, tag))], _host.EndAsync(id));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
