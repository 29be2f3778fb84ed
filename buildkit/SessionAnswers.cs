namespace Ci.BuildKit;

/// <summary>What a registry is logged in to with; the secret is a password or a token.</summary>
public sealed record RegistryCredentials(string Username, string Secret)
{
    /// <summary>The user alone, so that no log has the secret.</summary>
    public override string ToString() => Username;
}

/// <summary>What a build may ask of the one who started it.</summary>
public sealed record SessionAnswers
{
    /// <summary>The credentials for a registry, asked by the name that the engine knows it by (<c>registry.example:5000</c>;
    /// Docker Hub is <c>registry-1.docker.io</c>), or null to go there without.</summary>
    public Func<string, CancellationToken, ValueTask<RegistryCredentials?>> Credentials { get; init; } = static (_, _) => default;

    /// <summary>The value behind the id of <c>RUN --mount=type=secret,id=…</c>, or null when there is none of that id.</summary>
    public Func<string, CancellationToken, ValueTask<ReadOnlyMemory<byte>?>> Secret { get; init; } = static (_, _) => default;

    /// <summary>The files of the context, for a build whose request has none and says <c>remote=client-session</c>; null where
    /// the request has the context.</summary>
    public ContextSource? Files { get; init; }
}
