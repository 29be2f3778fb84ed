using System.Threading.Channels;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Tunnel;
using Ci.Tests.Fixtures;
using Ci.Tests.GitHub;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ci.Tests.Tunnel;

/// <summary>A host with nothing but the tunnel's registration, both APIs it talks to, and every line it logs.</summary>
internal sealed class TunnelFixture : IAsyncDisposable
{
    public const string Secret = "0123456789abcdef0123456789abcdef";

    private readonly Lines _lines = new();
    private IHost? _host;

    public required NgrokStandIn Ngrok { get; init; }

    public required HooksStandIn GitHub { get; init; }

    public List<string> Logged { get; } = [];

    public static async Task<TunnelFixture> CreateAsync() =>
        new() { Ngrok = await NgrokStandIn.StartAsync(), GitHub = await HooksStandIn.StartAsync() };

    public async Task StartAsync(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(Settings().ToDictionary(s => s.Key, s => (string?)s.Value));
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value));
        builder.Logging.AddProvider(_lines);
        builder.Services.AddHttpClient("github", client => client.BaseAddress = new Uri(GitHub.Url));
        builder.Services.AddSingleton(services => new RepositoryHooks(TestGitHub.Client(
            services.GetRequiredService<IHttpClientFactory>().CreateClient("github"),
            builder.Configuration["GitHub:Token"]!,
            GitHubIdentity.From(builder.Configuration))));
        builder.Services.AddTunnel(builder.Configuration);
        _host = builder.Build();
        await _host.StartAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until a line with these words is logged.</summary>
    public async Task<string> LogsAsync(string words)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TestEnvironment.Limit);
        try
        {
            await foreach (var line in _lines.Reader.ReadAllAsync(limit.Token))
            {
                Logged.Add(line);
                if (line.Contains(words, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Falls through to the failure, which shows what was logged instead.
        }

        Assert.Fail($"No line says \"{words}\"; logged was:\n{string.Join('\n', Logged)}");
        return "";
    }

    /// <summary>Ends the host and takes the lines nobody waited for.</summary>
    public async Task StopAsync()
    {
        await _host!.StopAsync(TestContext.Current.CancellationToken);
        while (_lines.Reader.TryRead(out var line))
        {
            Logged.Add(line);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _host?.Dispose();
        _lines.Dispose();
        await Ngrok.DisposeAsync();
        await GitHub.DisposeAsync();
    }

    private IEnumerable<(string Key, string Value)> Settings() =>
    [
        ("Tunnel:Enabled", "true"),
        ("Tunnel:NgrokApiUrl", Ngrok.Url),
        ("Tunnel:Repositories", "octo/app"),
        ("Tunnel:PollInterval", "00:00:00.020"),
        ("GitHub:Token", HooksStandIn.Token),
        ("GitHub:WebhookSecret", Secret),
    ];

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public ChannelReader<string> Reader => _lines.Reader;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Writer.TryWrite($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose() => _lines.Writer.TryComplete();
    }
}
