using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>One host with the sample app for all tests that do nothing to it but send requests.</summary>
public sealed class SampleHost : LazyPart
{
    private static readonly string[] Functions =
    [
        "Echo", "EchoGet", "Unread", "Setting", "Repository", "Badge", "Typed", "Optional", "AnyMethodNoRoute", "Nothing", "NothingLater",
        "Null", "Throws",
        "ThrowsLate", "Status", "Cookies", "Guarded", "Large", "Wait", "Events", "Scoped", "Logs", "Prints",
    ];

    private TestHost? _host;

    public async Task<TestHost> GetAsync()
    {
        await StartAsync();
        return _host!;
    }

    protected override async Task StartPartAsync() => _host = await TestHost.StartAsync(
        Functions,
            """
            { "version": "2.0", "logging": { "logLevel": { "default": "Trace",
             "Microsoft": "Warning", "Grpc": "Warning", "Yarp": "Warning" } } }
            """);

    protected override ValueTask StopPartAsync() => _host?.DisposeAsync() ?? ValueTask.CompletedTask;
}
