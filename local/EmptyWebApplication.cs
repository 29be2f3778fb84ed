using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ci.Local;

/// <summary>A web application of Kestrel and routing alone, without settings of its own. The framework's other builders watch all
/// folders below the current one for an appsettings.json that changes: in a repository that takes longer than all else at a
/// start.</summary>
internal static class EmptyWebApplication
{
    public static WebApplicationBuilder CreateBuilder(ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        return builder;
    }
}
