using Ci.Pipeline.GitHub;
using Ci.Pipeline.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Tunnel;

internal static class TunnelServices
{
    private const StringSplitOptions Tidily = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    public static IServiceCollection AddTunnel(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection(TunnelOptions.Section);
        services.AddOptions<TunnelOptions>()
            .Configure(section.BindTo)
            .Configure(options => Tidy(options, section[nameof(TunnelOptions.Repositories)]))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<TunnelOptions>>(new TunnelOptionsValidator(configuration));
        services.AddHttpClient(NgrokAgent.ClientName, client => client.Timeout = TimeSpan.FromSeconds(5));
        services.AddHostedService(provider => new TunnelRegistration(
            provider.GetRequiredService<IHttpClientFactory>(),
            provider.GetRequiredService<RepositoryHooks>(),
            provider.GetRequiredService<IOptions<TunnelOptions>>(),
            provider.GetRequiredService<ILogger<TunnelRegistration>>(),
            configuration["GitHub:WebhookSecret"] ?? ""));
        return services;
    }

    // Settings are flat strings in the environment and in local.settings.json, and one that is left empty is no repository.
    private static void Tidy(TunnelOptions options, string? commaSeparated)
    {
        var all = options.Repositories.Append(commaSeparated ?? "").SelectMany(text => text.Split(',', Tidily)).ToList();
        options.Repositories.Clear();
        foreach (var repository in all.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            options.Repositories.Add(repository);
        }
    }
}
