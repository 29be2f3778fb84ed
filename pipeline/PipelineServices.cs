using System.Net.Http.Headers;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Docker;
using Ci.Pipeline.Docker.BuildKit;
using Ci.Pipeline.Docker.Classic;
using Ci.Pipeline.Docker.Cleanup;
using Ci.Pipeline.Docker.Credentials;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Http;
using Ci.Pipeline.Intake;
using Ci.Pipeline.Queue;
using Ci.Pipeline.Registry;
using Ci.Pipeline.Reporting;
using Ci.Pipeline.Reporting.Comments;
using Ci.Pipeline.Settings;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.Tree;
using Ci.Pipeline.Telemetry;
using Ci.Pipeline.Text;
using Ci.Pipeline.Tunnel;
using Ci.Pipeline.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline;

/// <summary>Puts the pipeline together.</summary>
public static class PipelineServices
{
    /// <summary>Adds everything between a delivery and a pushed image, with its options bound and validated at start.</summary>
    public static IServiceCollection AddPipeline(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<StorageOptions>()
            .Configure(o => o.ConnectionString = configuration["AzureWebJobsStorage"] ?? "")
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<StorageOptions>, StorageOptionsValidator>();
        services.AddSingleton<IValidateOptions<StorageOptions>, ConnectionStringValidator>();
        services.AddValidated<WebhookOptions, WebhookOptionsValidator>(configuration, WebhookOptions.Section);
        services.AddValidated<ForkOptions, ForkOptionsValidator>(configuration, ForkOptions.Section);
        services.AddValidated<SourceOptions, SourceOptionsValidator>(configuration, SourceOptions.Section);
        services.AddValidated<RegistryOptions, RegistryOptionsValidator>(configuration, RegistryOptions.Section);
        services.AddValidated<DockerOptions, DockerOptionsValidator>(configuration, DockerOptions.Section);
        services.AddSingleton<IValidateOptions<DockerOptions>, EngineTlsValidator>();
        services.AddSingleton<IValidateOptions<RegistryOptions>, RegistryLoginValidator>();
        services.AddOptions<SecretsOptions>().Configure(o => configuration.GetSection(SecretsOptions.Key).Bind(o.All)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<SecretsOptions>, SecretsOptionsValidator>();
        services.AddValidated<ImageOptions, ImageOptionsValidator>(configuration, ImageOptions.Section);
        services.AddValidated<ReportOptions, ReportOptionsValidator>(configuration, ReportOptions.Section);
        services.AddValidated<AccessOptions, AccessOptionsValidator>(configuration, AccessOptions.Section);
        services.AddValidated<BuildOptions, BuildOptionsValidator>(configuration, BuildOptions.Section);

        // It logs each try with its stack trace; what a try that failed means to people is logged by whoever tried.
        services.AddLogging(logging => logging.AddFilter("Polly", LogLevel.None));
        services.AddTelemetry(configuration);
        services.AddGitHub(configuration);
        services.AddTunnel(configuration);

        services.AddHttpClient<RegistryClient>(RegistryClient.HttpClientName, ConfigureRegistry)
            .ConfigurePrimaryHttpMessageHandler(s => RegistryAccess.Primary(s.GetRequiredService<IOptions<RegistryOptions>>().Value))
            .AddRetries();
        services.AddHttpClient(RegistryClient.HttpClientName).AddHttpMessageHandler<RegistryAccess>();
        services.AddTransient<RegistryAccess>();

        services.AddSingleton(s => new BuildId(s.GetRequiredService<IOptions<WebhookOptions>>().Value.WebhookSecret));
        services.AddSingleton<BuildPolicy>();
        services.AddSingleton<BuildQueue>();
        services.AddSingleton<BuildsTable>();
        services.AddSingleton<BuildStore>();
        services.AddSingleton<BuildAdmission>();
        services.AddSingleton<TagOwnership>();
        services.AddSingleton<BuildLogs>();
        services.AddSingleton(Secrets);
        services.AddSingleton<PublicAddress>();
        services.AddSingleton<DeliveryLog>();
        services.AddSingleton<RequestLimiter>();
        services.AddSingleton<BuildSubmitter>();
        services.AddSingleton<PullRequestHandler>();
        services.AddSingleton<IssueCommentHandler>();
        services.AddSingleton<BuildLists>();
        services.AddTransient<QueuePositionReporter>();
        services.AddSingleton<CommentClaims>();
        services.AddTransient<ImageInspector>();
        services.AddTransient<ImageComparer>();
        services.AddTransient<CommitStatuses>();
        services.AddTransient<CheckRuns>();
        services.AddTransient<CommentComposer>();
        services.AddTransient<PullRequestComments>();
        services.AddTransient<BuildNotifier>();
        services.AddSingleton<WebhookReceiver>();
        services.AddSingleton<EngineClient>();
        services.AddSingleton<EngineObjects>();
        services.AddSingleton<DockerEngine>();
        services.AddSingleton<DockerConfigFile>();
        services.AddSingleton<RegistryCredentialStore>();
        services.AddSingleton<BuildSecrets>();
        services.AddSingleton<BuildKitImageBuilder>();
        services.AddSingleton<ClassicImageBuilder>();
        services.AddSingleton<ImageBuilderSelector>();
        services.AddSingleton<EngineCleanup>();
        services.AddSingleton<BuildLimits>();
        services.AddTransient<ImagePusher>();
        services.AddTransient<CommitImageBuilder>();
        services.AddSingleton<BaseImages>();
        services.AddTransient<UnchangedImages>();
        services.AddTransient<ImageConfigRewriter>();
        services.AddTransient<ImageJob>();
        services.AddTransient<ArchiveFetcher>();
        services.AddTransient<GitTreeSource>();
        services.AddTransient<SourceStage>();
        services.AddTransient<Promotion>();
        services.AddSingleton<BuildScheduler>();
        services.AddSingleton<BuildActions>();
        services.AddSingleton<PoisonQueue>();
        services.AddTransient<TagPublisher>();
        services.AddTransient<BuildJob>();
        services.AddTransient<BuildRetry>();
        services.AddTransient<BuildWorker>();
        services.AddSingleton<RunningBuilds>();
        services.AddHostedService(host => host.GetRequiredService<RunningBuilds>());
        services.AddHostedService<QueueCreation>();
        services.AddHostedService<Reconciler>();
        return services;
    }

    private static void AddGitHub(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddValidated<GitHubOptions, GitHubOptionsValidator>(configuration, GitHubOptions.Section);
        services.AddSingleton<IValidateOptions<GitHubOptions>, GitHubAppValidator>();
        services.AddSingleton(GitHubIdentity.From(configuration));
        services.AddSingleton<GitHubRateLimits>();
        services.AddSingleton<GitHubApp>();
        // Some that live as long as the host keep this client; that it finds GitHub at a new address is its connections' affair.
        services.AddHttpClient<GitHubClient>(ConfigureGitHub)
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() =>
                new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
        services.AddTransient<GitHubArchive>();
        services.AddTransient<GitHubObjects>();
        services.AddTransient<PullRequestFiles>();
        services.AddTransient<Collaborators>();
        services.AddTransient<CommitStatusClient>();
        services.AddTransient<CheckRunClient>();
        services.AddTransient<IssueComments>();
        services.AddTransient<RepositoryHooks>();
        services.AddTransient<RateLimitStatus>();
    }

    private static void AddValidated<TOptions, TValidator>(this IServiceCollection services, IConfiguration configuration, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddOptions<TOptions>().Configure(configuration.GetSection(section).BindTo).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
    }

    /// <summary>Every setting that nobody is to read.</summary>
    private static SecretMask Secrets(IServiceProvider services) => new(
    [
        services.GetRequiredService<IOptions<WebhookOptions>>().Value.WebhookSecret,
        services.GetRequiredService<IOptions<GitHubOptions>>().Value.Token,
        services.GetRequiredService<IOptions<GitHubOptions>>().Value.ReadPrivateKey(),
        services.GetRequiredService<IOptions<AccessOptions>>().Value.Key,
        services.GetRequiredService<IOptions<RegistryOptions>>().Value.Password,
        .. services.GetRequiredService<IOptions<SecretsOptions>>().Value.All.Values.Select(secret => secret.Value),
        .. services.GetRequiredService<IOptions<StorageOptions>>().Value.Secrets,
    ]);

    private static void ConfigureGitHub(IServiceProvider services, HttpClient http)
    {
        var options = services.GetRequiredService<IOptions<GitHubOptions>>().Value;
        http.BaseAddress = new Uri(options.ApiUrl.TrimEnd('/') + "/");
        http.MaxResponseContentBufferSize = GitHubOptions.MaxAnswerBytes;
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("pull-request-ci", "1"));
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.github+json"));
        http.DefaultRequestHeaders.Add("X-GitHub-Api-Version", "2022-11-28");
    }

    private static void ConfigureRegistry(IServiceProvider services, HttpClient http)
    {
        http.BaseAddress = services.GetRequiredService<IOptions<RegistryOptions>>().Value.ApiUrl;
        http.Timeout = TimeSpan.FromSeconds(30);
        http.MaxResponseContentBufferSize = RegistryClient.MaxAnswerBytes;
    }
}
