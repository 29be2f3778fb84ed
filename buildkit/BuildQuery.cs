using System.Globalization;
using System.Text.Json;

namespace Ci.BuildKit;

/// <summary>A build as the parameters of <c>POST /build</c> (Docker Engine API).</summary>
internal static class BuildQuery
{
    private const string SourceDateEpoch = "SOURCE_DATE_EPOCH";

    public static string Of(BuildKitBuild build, string session)
    {
        IEnumerable<(string Name, string? Value)> parameters =
        [
            ("version", "2"),
            ("session", session),
            ("remote", build.Files is null ? null : "client-session"),
            ("dockerfile", build.Dockerfile),
            ("target", build.Target),
            ("platform", build.Platform),
            ("networkmode", build.NetworkMode),
            ("nocache", build.NoCache ? "1" : null),
            ("pull", build.Pull ? "1" : null),
            ("buildargs", JsonOf(ArgsOf(build))),
            ("labels", JsonOf(build.Labels)),
            ("cachefrom", build.CacheFrom.Count > 0 ? JsonSerializer.Serialize(build.CacheFrom) : null),
            .. build.ExtraHosts.Select(host => ("extrahosts", (string?)$"{host.Key}:{host.Value}")),
            .. build.Tags.Select(tag => ("t", (string?)tag)),
        ];
        return string.Join('&', parameters.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
    }

    private static IReadOnlyDictionary<string, string> ArgsOf(BuildKitBuild build) =>
        build.SourceDate is not { } date || build.Args.ContainsKey(SourceDateEpoch) ? build.Args
            : new Dictionary<string, string>(build.Args)
            {
                [SourceDateEpoch] = date.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            };

    private static string? JsonOf(IReadOnlyDictionary<string, string> values) => values.Count > 0 ? JsonSerializer.Serialize(values) : null;
}
