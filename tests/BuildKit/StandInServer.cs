using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Ci.Tests.BuildKit;

/// <summary>Serves one text on a free port of 127.0.0.1, or plays an engine that answers as it is told.</summary>
internal sealed class StandInServer(WebApplication server) : IAsyncDisposable
{
    public string Address => server.Urls.Single() + "/file";

    public Uri Engine => new(server.Urls.Single().Replace("http:", "tcp:", StringComparison.Ordinal));

    public static Task<StandInServer> StartAsync(string content) => StartAsync(context => context.Response.WriteAsync(content));

    public static async Task<StandInServer> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        server.Run(answer);
        await server.StartAsync();
        return new StandInServer(server);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
