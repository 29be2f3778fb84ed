using System.Globalization;
using Ci.Pipeline.Builds.Storage;
using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>Paths, so that they work under whatever name a host is reached.</summary>
public static class Paths
{
    public const string Builds = "/api/builds";

    public const string PoisonQueue = "/api/dead-letters";

    public const string Deliveries = "/api/deliveries";

    public const string Health = "/api/health";

    public const string SignIn = "/api/sign-in";

    public static string Repository(string repository) =>
        "/api/repositories/" + string.Join('/', repository.Split('/').Select(Uri.EscapeDataString));

    public static string List(BuildFilter filter)
    {
        string?[] parts =
        [
            filter.Repository is { } repository ? "repository=" + Uri.EscapeDataString(repository) : null,
            filter.State is { } state ? "state=" + Format.Word(state) : null,
            filter.PullRequest is { } number ? "pull=" + number.ToString(CultureInfo.InvariantCulture) : null,
            filter.Before is { } before ? "before=" + before : null,
        ];
        var query = string.Join('&', parts.OfType<string>());
        return query.Length == 0 ? Builds : $"{Builds}?{query}";
    }
}
