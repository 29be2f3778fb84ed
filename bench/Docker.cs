namespace Ci.Bench;

/// <summary>The docker command line, one that can build with BuildKit: before 23 it could by itself, later it needs its buildx.</summary>
internal sealed class Docker
{
    private Docker(string path) => Path = path;

    public string Path { get; }

    public static async Task<Docker> FindAsync()
    {
        foreach (var path in Child.Find("docker").Distinct())
        {
            var version = await Child.RunAsync(path, ["--version"]);
            if (version.Contains("version 20.", StringComparison.Ordinal) || await HasBuildxAsync(path))
            {
                return new Docker(path);
            }
        }

        throw new InvalidOperationException(
            "No docker command can build with BuildKit: install docker-buildx-plugin (Docker's packages) or docker-buildx (Debian's).");
    }

    /// <summary>What the sides that type or run docker have in their environment.</summary>
    public static IReadOnlyDictionary<string, string> Environment(bool buildKit) => new Dictionary<string, string>
    {
        ["DOCKER_HOST"] = Settings.Engine,
        ["DOCKER_BUILDKIT"] = buildKit ? "1" : "0",
    };

    public Task<string> RunAsync(bool buildKit, params string[] arguments) => Child.RunAsync(Path, arguments, Environment(buildKit));

    private static async Task<bool> HasBuildxAsync(string path)
    {
        try
        {
            await Child.RunAsync(path, ["buildx", "version"]);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
