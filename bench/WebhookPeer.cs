using System.Globalization;

namespace Ci.Bench;

/// <summary>Debian's package <c>webhook</c> (adnanh/webhook), which checks the signature and runs the script.</summary>
internal sealed class WebhookPeer : HookedPeer
{
    private readonly Child _child;
    private readonly int _port;

    private WebhookPeer(Workbench bench, bool buildKit, int port)
        : base(bench, buildKit)
    {
        _port = port;
        _child = Start(port, Environment(port));
    }

    public override string Name => "webhook";

    public static string? Program => Child.Find("webhook").FirstOrDefault();

    protected override Uri Hook => HookOn(_port);

    public static async Task<WebhookPeer> StartAsync(Workbench bench, bool buildKit)
    {
        var peer = new WebhookPeer(bench, buildKit, Child.FreePort());
        await peer._child.AnswersAsync(peer.Hook);
        return peer;
    }

    public static Uri HookOn(int port) => new($"http://127.0.0.1:{port}/hooks/build");

    /// <summary>Starts it with the hook of the environment's <c>HOOK_COMMAND</c>.</summary>
    public static Child Start(int port, IReadOnlyDictionary<string, string> environment) => Child.Start(
        Program!,
        ["-hooks", Path.Combine(Files, "hooks.json"), "-template",
         "-ip", "127.0.0.1", "-port", port.ToString(CultureInfo.InvariantCulture)],
        environment);

    public override ValueTask DisposeAsync() => _child.DisposeAsync();
}
