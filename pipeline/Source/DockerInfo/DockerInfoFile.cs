namespace Ci.Pipeline.Source.DockerInfo;

/// <summary>What a commit's dockerInfo.json says.</summary>
/// <param name="Images">The images, at least one.</param>
/// <param name="Warnings">What is odd but harmless, for people.</param>
public sealed record DockerInfoFile(IReadOnlyList<ImageSpec> Images, IReadOnlyList<string> Warnings);

/// <summary>One image to build; every path is relative to the repository's root, with <c>/</c>.</summary>
public sealed record ImageSpec
{
    /// <summary>The repository's name in the registry (<c>service_name</c>).</summary>
    public required string Name { get; init; }

    public required string Version { get; init; }

    /// <summary>The folder that is the build context; empty for the root.</summary>
    public string Context { get; init; } = "";

    /// <summary>The Dockerfile's path from the repository's root.</summary>
    public required string DockerfilePath { get; init; }

    /// <summary>The stage to build, or null for the last.</summary>
    public string? Target { get; init; }

    public IReadOnlyDictionary<string, string> Args { get; init; } = new Dictionary<string, string>();
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The platform, or null for the engine's.</summary>
    public string? Platform { get; init; }

    /// <summary>Globs; the image is built only when the pull request touches one of them. Empty: always.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The ids of the host's secrets that the Dockerfile mounts (<c>RUN --mount=type=secret,id=…</c>).</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>The Dockerfile's path within the context, or null when it lies outside.</summary>
    public string? DockerfileInContext =>
        Context.Length == 0 ? DockerfilePath
        : DockerfilePath.StartsWith(Context + "/", StringComparison.Ordinal) ? DockerfilePath[(Context.Length + 1)..]
        : null;
}

internal abstract record DockerInfoResult
{
    public sealed record Valid(DockerInfoFile Info) : DockerInfoResult;

    /// <summary>It is wrong: the key, the value and what is allowed.</summary>
    public sealed record Invalid(string Problem) : DockerInfoResult;
}
