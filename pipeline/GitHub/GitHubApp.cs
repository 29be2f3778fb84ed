using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.GitHub;

/// <summary>A token is good for one repository and one hour (GitHub Docs, "Authenticating as a GitHub App installation").</summary>
public sealed partial class GitHubApp(IOptions<GitHubOptions> options, TimeProvider time, ILogger<GitHubApp> logger)
{
    /// <summary>Whatever was begun with a token can be ended with it.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(5);

    // GitHub's clock may be behind ours, and takes no more than ten minutes in all.
    private static readonly TimeSpan IssuedBefore = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(9);

    // Whoever installs the App where it was missing does not wait for long.
    private static readonly TimeSpan RefusalKept = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Slot> _slots = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null where the App is not installed: anybody may read what is public.</summary>
    /// <exception cref="GitHubUnavailableException">GitHub is away.</exception>
    internal async Task<string?> TokenForAsync(string repository, GitHubClient gitHub, CancellationToken cancellationToken)
    {
        var slot = _slots.GetOrAdd(repository, _ => new Slot());
        if (slot.Kept is { } kept && time.GetUtcNow() < kept.RenewAt)
        {
            return kept.Token;
        }

        await slot.Renewal.WaitAsync(cancellationToken);
        try
        {
            if (slot.Kept is not { } renewed || time.GetUtcNow() >= renewed.RenewAt)
            {
                slot.Kept = renewed = await AskAsync(repository, gitHub, cancellationToken);
            }

            return renewed.Token;
        }
        finally
        {
            slot.Renewal.Release();
        }
    }

    /// <summary>GitHub refuses a token before its time when the App's permissions were changed: the next one is new.</summary>
    internal void Forget(string repository, string token)
    {
        if (_slots.TryGetValue(repository, out var slot) && slot.Kept?.Token == token)
        {
            slot.Kept = null;
        }
    }

    /// <summary>A JSON Web Token (RFC 7519; GitHub Docs, "Generating a JSON Web Token").</summary>
    private string Proof()
    {
        var now = time.GetUtcNow();
        var claims = new AppClaims(
            (now - IssuedBefore).ToUnixTimeSeconds(), (now + GoodFor - IssuedBefore).ToUnixTimeSeconds(), options.Value.AppId);
        var text = Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT"}"""u8)
            + "." + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims, GitHubJson.Default.AppClaims));
        using var key = RSA.Create();
        key.ImportFromPem(options.Value.ReadPrivateKey());
        var signature = key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return text + "." + Base64Url.EncodeToString(signature);
    }

    private async Task<Kept> AskAsync(string repository, GitHubClient gitHub, CancellationToken cancellationToken)
    {
        var proof = Proof();
        try
        {
            var installation = await SendAsync(
                new(HttpMethod.Get, repository, "installation", $"find the App's installation on {repository}") { Proof = proof },
                GitHubJson.Default.Installation);
            var token = await SendAsync(
                new GitHubRequest(
                        HttpMethod.Post, null, $"app/installations/{installation.Id}/access_tokens", $"make a token for {repository}")
                    .With(new NewToken([repository.Split('/')[1]]), GitHubJson.Default.NewToken) with { Proof = proof },
                GitHubJson.Default.InstallationToken);
            return new Kept(token.Token, token.ExpiresAt - RenewBefore);
        }
        catch (GitHubRefusedException e)
        {
            if (e.Status == HttpStatusCode.Unauthorized)
            {
                Log.Unknown(logger);
            }
            else
            {
                Log.NotInstalled(logger, (int)e.Status!, repository);
            }

            return new Kept(null, time.GetUtcNow() + RefusalKept);
        }

        // Once: what it is asked for is tried again as a whole.
        async Task<T> SendAsync<T>(GitHubRequest request, JsonTypeInfo<T> type)
        {
            using var response = await gitHub.SendOnceAsync(request, cancellationToken);
            return await GitHubClient.ReadAsync(request, response, type, cancellationToken);
        }
    }

    private sealed class Slot
    {
        private volatile Kept? _kept;

        public SemaphoreSlim Renewal { get; } = new(1);

        public Kept? Kept
        {
            get => _kept;
            set => _kept = value;
        }
    }

    private sealed record Kept(string? Token, DateTimeOffset RenewAt);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "GitHub does not know the App (401): "
            + "see that GitHub__AppId and its private key belong together, and that this machine's clock is right")]
        public static partial void Unknown(ILogger logger);

        [LoggerMessage(2, LogLevel.Error, "GitHub answered {Status}: "
            + "the App is not installed on {Repository}, or is suspended; install it on the App's page")]
        public static partial void NotInstalled(ILogger logger, int status, string repository);
    }
}

internal sealed record AppClaims(long Iat, long Exp, string Iss);

internal sealed record Installation(long Id);

internal sealed record NewToken(IReadOnlyList<string> Repositories);

internal sealed record InstallationToken(string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>Not the token: a record prints all its members.</summary>
    public override string ToString() => $"a token until {ExpiresAt:O}";
}
