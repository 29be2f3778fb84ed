using Ci.Web.Api;
using Ci.Web.Auth;
using Ci.Web.Pages;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Web;

public static class WebServices
{
    public static IServiceCollection AddWeb(this IServiceCollection services)
    {
        services.AddSingleton<ApiKeyValidator>();
        services.AddSingleton<ApiAccess>();
        services.AddSingleton<ApiAuthorization>();
        services.AddSingleton<BuildViews>();
        services.AddSingleton<HealthChecks>();
        services.AddSingleton<Health>();
        services.AddSingleton<WebPages>();
        services.AddSingleton<PageRenderer>();
        services.AddSingleton<BuildEvents>();
        services.AddSingleton<Badges>();
        return services;
    }
}
