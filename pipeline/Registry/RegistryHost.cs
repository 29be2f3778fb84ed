namespace Ci.Pipeline.Registry;

internal static class RegistryHost
{
    public const string Hub = "registry-1.docker.io";

    /// <summary>Docker Hub has names of its own in references (distribution's "reference").</summary>
    public static string Of(string name) => name is "docker.io" or "index.docker.io" ? Hub : name;
}
