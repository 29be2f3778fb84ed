namespace Ci.BuildKit;

public sealed record BuildKitBuild
{
    /// <summary>The build context, file by file, as the build asks for them; null where it is written as a whole. For a large
    /// context this is the faster way, and where little of it is copied by far; for a few small files it takes some milliseconds
    /// more.</summary>
    public ContextSource? Files { get; init; }

    /// <summary>Writes the build context, a tar stream that is not compressed, where there are no <see cref="Files"/>. It is
    /// called once, while the engine reads; what it throws ends the build.</summary>
    public Func<Stream, CancellationToken, Task>? WriteContext { get; init; }

    public string Dockerfile { get; init; } = "Dockerfile";

    /// <summary>The stage to build, or null for the last.</summary>
    public string? Target { get; init; }

    /// <summary>The platform (<c>linux/arm64</c>), or null for the engine's own.</summary>
    public string? Platform { get; init; }

    /// <summary>Build arguments. They are not secret: the image's history may show them.</summary>
    public IReadOnlyDictionary<string, string> Args { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Names for the image (<c>repository:tag</c>); without one it is known by its id alone.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Images in a registry whose layers may be taken as cache; they need inline cache metadata.</summary>
    public IReadOnlyList<string> CacheFrom { get; init; } = [];

    /// <summary>The network that commands run in: <c>default</c>, <c>none</c> or <c>host</c>; null is <c>default</c>.</summary>
    public string? NetworkMode { get; init; }

    /// <summary>Host names that commands know, each with its address (<c>host-gateway</c> is the engine's host).</summary>
    public IReadOnlyDictionary<string, string> ExtraHosts { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether every step runs although its result is known from before.</summary>
    public bool NoCache { get; init; }

    /// <summary>Whether base images are looked up at their registry although the engine has them.</summary>
    public bool Pull { get; init; }

    /// <summary>The time that the image is to bear instead of the build's, usually the commit's, so that the same commit gives
    /// the same image: the build argument <c>SOURCE_DATE_EPOCH</c>, unless <see cref="Args"/> has it. Heeded from Engine 24 on.</summary>
    public DateTimeOffset? SourceDate { get; init; }

    /// <summary>The ids of the secrets that this build may ask for. A Dockerfile can ask for any id, so that whoever writes it
    /// could otherwise have all. Their values are read when the build starts.</summary>
    public IReadOnlySet<string> Secrets { get; init; } = new HashSet<string>();

    /// <summary>Takes out of what the build prints, and of errors, what nobody is to read: values of secrets, for one.</summary>
    public Func<string, string> Mask { get; init; } = static text => text;
}
