namespace Ci.Bench;

/// <summary>A small Flask server that runs the script inside the request.</summary>
internal sealed class FlaskPeer : HookedPeer
{
    private readonly Child _child;
    private readonly int _port;

    private FlaskPeer(Workbench bench, bool buildKit, string python, int port)
        : base(bench, buildKit)
    {
        _port = port;
        _child = Child.Start(python, [Path.Combine(Files, "flask_server.py")], Environment(port));
    }

    public override string Name => "flask";

    protected override Uri Hook => new($"http://127.0.0.1:{_port}/build");

    /// <summary>A Python that has Flask, or null.</summary>
    public static async Task<string?> FindPythonAsync()
    {
        foreach (var python in Child.Find("python3"))
        {
            try
            {
                await Child.RunAsync(python, ["-c", "import flask"]);
                return python;
            }
            catch (InvalidOperationException)
            {
                // This one has none; the next may.
            }
        }

        return null;
    }

    public static async Task<FlaskPeer> StartAsync(Workbench bench, bool buildKit)
    {
        var peer = new FlaskPeer(bench, buildKit, (await FindPythonAsync())!, Child.FreePort());
        await peer._child.AnswersAsync(peer.Hook);
        return peer;
    }

    public override ValueTask DisposeAsync() => _child.DisposeAsync();
}
