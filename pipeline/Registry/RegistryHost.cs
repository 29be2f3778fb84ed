namespace Ci.Pipeline.Registry;

/// <summary>The host of a registry, by the names that it has in references.</summary>
internal static class RegistryHost
{
    /// <summary>Docker Hub, as its registry is called.</summary>
    public const string Hub = "registry-1.docker.io";

    /// <summary>
    /// The registry that a name in front of a reference stands for (distribution's "reference": Docker Hub has names of its own).
    /// </summary>
    public static string Of(string name) => name is "docker.io" or "index.docker.io" ? Hub : name;
}
