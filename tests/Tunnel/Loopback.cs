using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Tests.Tunnel;

/// <summary>A small web program on a free loopback port.</summary>
internal static class Loopback
{
    public static WebApplication App()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        return builder.Build();
    }
}
