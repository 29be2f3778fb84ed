using System.Globalization;

namespace Ci.Tests.Fixtures;

/// <summary>Azurite from npm, on free ports.</summary>
public sealed class Azurite : LazyPart
{
    private const int Accounts = 400;

    // Any base64 will do as the key of an account that only this Azurite knows.
    private static readonly string Key = Convert.ToBase64String(new byte[64]);

    private readonly int _blob = TestEnvironment.FreePort();
    private readonly int _queue = TestEnvironment.FreePort();
    private readonly int _table = TestEnvironment.FreePort();
    private RunningProcess? _process;
    private int _account;

    /// <summary>A storage account that nobody else has, so that tests which run at once do not see each other's messages.</summary>
    public string NewAccount()
    {
        var number = Interlocked.Increment(ref _account);
        return number <= Accounts ? Connection(Name(number))
            : throw new InvalidOperationException($"The tests need more than {Accounts} storage accounts.");
    }

    /// <summary>An account that this Azurite does not know.</summary>
    public string UnknownAccount() => Connection("unknown");

    private string Connection(string name) =>
        $"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={Key};BlobEndpoint=http://127.0.0.1:{_blob}/{name};"
        + $"QueueEndpoint=http://127.0.0.1:{_queue}/{name};TableEndpoint=http://127.0.0.1:{_table}/{name};";

    protected override async Task StartPartAsync()
    {
        var program = Path.Combine(TestEnvironment.Root, "scripts", "node_modules", "azurite", "dist", "src", "azurite.js");
        if (TestEnvironment.Find("node") is not { } node || !File.Exists(program))
        {
            TestEnvironment.SkipOrFail("Azurite is not installed: run npm ci in scripts/ (test.sh does).");
            return;
        }

        _process = RunningProcess.Start(node, [program, "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", Folder,
            "--blobPort", Text(_blob), "--queuePort", Text(_queue), "--tablePort", Text(_table)],
            new Dictionary<string, string?>
            {
                ["AZURITE_ACCOUNTS"] = string.Join(';', Enumerable.Range(1, Accounts).Select(n => $"{Name(n)}:{Key}")),
            });
        foreach (var port in new[] { _blob, _queue, _table })
        {
            await _process.ReadyAsync(() => TestEnvironment.AnswersAsync($"http://127.0.0.1:{port}/"), "Azurite");
        }
    }

    protected override async ValueTask StopPartAsync()
    {
        if (_process is not null)
        {
            // Its data is gone with the tests, and it would wait for connections that are still open.
            await _process.KillAsync();
            await _process.DisposeAsync();
        }
    }

    /// <summary>Killed, it would lose what it has taken within the last seconds, which Azure Storage does not.</summary>
    protected override ValueTask StopGentlyAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>The ports that a connection string names: blobs, queues, tables.</summary>
    public static IReadOnlyList<int> Ports(string connection) =>
        [.. connection.Split(';').Where(part => part.Contains("Endpoint=", StringComparison.Ordinal)).Select(
            part => new Uri(part.Split('=', 2)[1]).Port)];

    private static string Name(int number) => "account" + Text(number);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
