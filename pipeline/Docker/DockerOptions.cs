using System.ComponentModel.DataAnnotations;
using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Settings;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Docker;

public enum BuilderKind
{
    /// <summary>BuildKit where the engine has it and the limits that are set can be kept with it; else the classic builder.</summary>
    Auto,

    /// <summary>BuildKit, whatever the limits.</summary>
    BuildKit,

    Classic,
}

/// <summary>The Docker engine; section <c>Docker</c>.</summary>
public sealed class DockerOptions
{
    public const string Section = "Docker";

    /// <summary>The engine's address (<c>unix:///…</c>, <c>tcp://…</c>, <c>npipe://…</c>). Empty: <c>DOCKER_HOST</c>, else the
    /// platform's default socket.</summary>
    [RegularExpression(
        "^(unix|tcp|http|https|npipe)://.+$",
        ErrorMessage = "Docker__Host must be empty or an address like unix:///var/run/docker.sock or tcp://engine:2375.")]
    public string Host { get; set; } = "";

    /// <summary>The folder with <c>ca.pem</c>, <c>cert.pem</c> and <c>key.pem</c> for an engine that is reached with TLS. Empty:
    /// <c>DOCKER_CERT_PATH</c> where <c>DOCKER_TLS_VERIFY</c> is set, else no TLS.</summary>
    public string CertPath { get; set; } = "";

    [EnumDataType(typeof(BuilderKind), ErrorMessage = "Docker__Builder must be Auto, BuildKit or Classic.")]
    public BuilderKind Builder { get; set; } = BuilderKind.Auto;

    /// <summary>The network of build steps: empty for the engine's own choice (bridge), <c>none</c>, or a network's name.</summary>
    [RegularExpression(NetworkName.Pattern, ErrorMessage = "Docker__Network " + NetworkName.Rule)]
    public string Network { get; set; } = "";

    /// <summary>The memory that a build step may use, swap included, in bytes; 0 for all. BuildKit knows no such limit: one that
    /// is set makes <see cref="BuilderKind.Auto"/> take the classic builder. Null: <see cref="DefaultMemory"/> where that builds.</summary>
    [InRange(0, long.MaxValue, ErrorMessage = "Docker__Memory must be a number of bytes, 0 or more.")]
    public long? Memory { get; set; }

    /// <summary>What a step of the classic builder may use when no limit is set, in bytes.</summary>
    public const long DefaultMemory = 8_000_000_000;

    /// <summary>The processors that a build step may use, like 1.5; 0 for all.</summary>
    [InRange(0, 4096, ErrorMessage = "Docker__Cpus must be a number of processors, 0 or more.")]
    public double Cpus { get; set; }

    /// <summary>How long the engine keeps what a build left of its images, which speeds up the next.</summary>
    [InRange(
        typeof(TimeSpan), "00:00:00", "3650.00:00:00", ErrorMessage = "Docker__KeepImages must be a time like 7.00:00:00 (seven days).")]
    public TimeSpan KeepImages { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How much of that it keeps at most, in bytes.</summary>
    [InRange(0, long.MaxValue, ErrorMessage = "Docker__MaxImageBytes must be a number of bytes, 0 or more.")]
    public long MaxImageBytes { get; set; } = 20_000_000_000;

    /// <summary>How long the engine keeps build cache that nothing uses.</summary>
    [InRange(
        typeof(TimeSpan), "00:00:00", "3650.00:00:00", ErrorMessage = "Docker__KeepCache must be a time like 7.00:00:00 (seven days).")]
    public TimeSpan KeepCache { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How much build cache it keeps at most, in bytes.</summary>
    [InRange(0, long.MaxValue, ErrorMessage = "Docker__MaxCacheBytes must be a number of bytes, 0 or more.")]
    public long MaxCacheBytes { get; set; } = 20_000_000_000;

    /// <summary>The folder of <c>config.json</c>, in which <c>docker login</c> keeps what private base images are pulled with.
    /// Empty: <c>DOCKER_CONFIG</c>, else <c>~/.docker</c>.</summary>
    public string Config { get; set; } = "";

    public string ConfigFolder =>
        Config.Length > 0 ? Config
        : Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } folder ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");

    /// <summary>The folder of the certificates in use; null without TLS.</summary>
    public string? CertFolder
    {
        get
        {
            if (CertPath.Length > 0)
            {
                return CertPath;
            }

            var folder = Environment.GetEnvironmentVariable("DOCKER_CERT_PATH");
            return string.IsNullOrEmpty(Environment.GetEnvironmentVariable("DOCKER_TLS_VERIFY")) ? null
                : !string.IsNullOrEmpty(folder) ? folder
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker");
        }
    }

    /// <summary>The address in use, with its certificates.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public EngineAddress Address
    {
        get
        {
            // Docker.DotNet's https is the command line's tcp with TLS.
            var uri = Endpoint is { Scheme: "https" } https ? new UriBuilder(https) { Scheme = "tcp" }.Uri : Endpoint;
            return new EngineAddress(uri)
            {
                Tls = CertFolder is { } folder && uri.Scheme is not ("unix" or "npipe") ? EngineTls.FromFolder(folder) : null,
            };
        }
    }

    public Uri Endpoint
    {
        get
        {
            var host = Host.Length > 0 ? Host : Environment.GetEnvironmentVariable("DOCKER_HOST");
            return new Uri(!string.IsNullOrEmpty(host) ? host
                : OperatingSystem.IsWindows() ? "npipe://./pipe/docker_engine"
                : "unix:///var/run/docker.sock");
        }
    }
}

[OptionsValidator]
internal sealed partial class DockerOptionsValidator : IValidateOptions<DockerOptions>;
