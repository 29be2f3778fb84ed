using System.Globalization;

namespace Ci.Bench;

/// <summary>Debian's <c>buildbot</c>: its GitHub hook, one worker, and a builder of one step that runs the script.</summary>
internal sealed class BuildbotPeer : HookedPeer
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-bench-");
    private readonly int _port = Child.FreePort();
    private readonly Dictionary<string, string> _environment;
    private readonly List<Child> _children = [];

    private BuildbotPeer(Workbench bench, bool buildKit)
        : base(bench, buildKit)
    {
        var workerPort = Child.FreePort();
        _environment = new Dictionary<string, string>(Environment(_port))
        {
            ["WORKER_PORT"] = workerPort.ToString(CultureInfo.InvariantCulture),
            ["PYTHONPATH"] = Path.Combine(Files, "buildbot_www"),
        };
    }

    public override string Name => "buildbot";

    protected override Uri Hook => new($"http://127.0.0.1:{_port}/change_hook/github");

    public static bool IsInstalled => Child.Find("buildbot").Any() && Child.Find("buildbot-worker").Any();

    public static async Task<BuildbotPeer> StartAsync(Workbench bench, bool buildKit)
    {
        var peer = new BuildbotPeer(bench, buildKit);
        try
        {
            await peer.StartAsync();
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var child in Enumerable.Reverse(_children))
        {
            await child.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private async Task StartAsync()
    {
        await RunAsync("buildbot", "create-master", "master");
        File.Copy(Path.Combine(Files, "master.cfg"), Path.Combine(_folder.FullName, "master", "master.cfg"));
        await RunAsync("buildbot-worker", "create-worker", "worker", "127.0.0.1:" + _environment["WORKER_PORT"], "worker", Settings.Secret);
        var master = Start("buildbot", "start", "--nodaemon", "master");
        await master.AnswersAsync(Hook);
        Start("buildbot-worker", "start", "--nodaemon", "worker");
    }

    private Task<string> RunAsync(params string[] command) => Child.RunAsync(command[0], command[1..], _environment, _folder.FullName);

    private Child Start(params string[] command)
    {
        var child = Child.Start(command[0], command[1..], _environment, _folder.FullName);
        _children.Add(child);
        return child;
    }
}
