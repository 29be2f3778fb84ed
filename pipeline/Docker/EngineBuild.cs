using Ci.BuildKit;

namespace Ci.Pipeline.Docker;

public sealed record EngineBuild
{
    public required string Name { get; init; }
    public required string Dockerfile { get; init; }

    /// <summary>The stage to build, or null for the last.</summary>
    public string? Target { get; init; }

    /// <summary>The platform, or null for the engine's own.</summary>
    public string? Platform { get; init; }

    /// <summary>A host name that the steps' containers know as 127.0.0.1, and nobody else's have: the classic builder gives them
    /// no label of ours, and by this they are found when the engine has left them behind.</summary>
    public required string Marker { get; init; }

    public required IReadOnlyDictionary<string, string> Args { get; init; }

    /// <summary>The image's labels. The classic builder, to which each is a step, gives it none.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>Whether the commit is a stranger's: it sees no cache, no base that the registry would not give to anybody, and
    /// what its steps make is no cache of anybody's either.</summary>
    public bool IsUntrusted { get; init; }

    /// <summary>Whether BuildKit may build it all the same; its cache mounts (<c>RUN --mount=type=cache</c>) are everybody's.</summary>
    public bool StrangersMayUseBuildKit { get; init; }

    /// <summary>The secrets that its steps may mount, by id. Only BuildKit knows them.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Secrets { get; init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>When the commit was made; with BuildKit, from Engine 24 on, the image bears this time and not the build's.</summary>
    public DateTimeOffset? CommittedAt { get; init; }

    /// <summary>Images in the registry that BuildKit may take as cache; empty to keep and import none.</summary>
    public IReadOnlyList<string> CacheFrom { get; init; } = [];

    public StepLimits Limits { get; init; } = new();

    public required Func<Stream, CancellationToken, Task> WriteContext { get; init; }

    /// <summary>The context file by file, for a builder that asks for what it needs; null where it has too many to list.</summary>
    public ContextSource? Files { get; init; }
}

public sealed record StepLimits
{
    /// <summary>Memory in bytes, swap included; 0 for all.</summary>
    public long Memory { get; init; }

    /// <summary>Processors; 0 for all.</summary>
    public double Cpus { get; init; }

    /// <summary>The network; empty for the engine's own choice.</summary>
    public string Network { get; init; } = "";
}

/// <summary>What was built: the image's id, or the beginning of it.</summary>
public sealed record BuiltImage(string Image)
{
    /// <summary>Whether it has the labels that it is to have; else they are yet to be set.</summary>
    public required bool HasLabels { get; init; }
}

/// <summary>An image in the engine, with its size unpacked, in bytes, and the time that it says it was made at.</summary>
public sealed record EngineImage(string Id, long Size, DateTimeOffset? Created);
