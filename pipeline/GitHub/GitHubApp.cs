using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ci.Pipeline.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.GitHub;

/// <summary>
/// A GitHub App's tokens, one for each repository and good for nothing else (GitHub Docs, "Authenticating as a GitHub App
/// installation"): they last an hour, are kept, and renewed before they end, by one request however many wait for it.
/// </summary>
public sealed partial class GitHubApp(IHttpClientFactory clients, IOptions<GitHubOptions> options, TimeProvider time, ILogger<GitHubApp> logger)
{
    /// <summary>The name of the <see cref="HttpClient"/> that asks for tokens.</summary>
    public const string HttpClientName = "github-app";

    /// <summary>How long before its end a token is renewed: whatever was begun with it can be ended with it.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromMinutes(5);

    // GitHub's clock may be behind ours, and takes no more than ten minutes in all.
    private static readonly TimeSpan IssuedBefore = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(9);

    // Whoever installs the App where it was missing does not wait for long.
    private static readonly TimeSpan RefusalKept = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Slot> _slots = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A repository's token; null where the App is not installed, for what anybody may read.</summary>
    /// <exception cref="HttpRequestException">GitHub is away.</exception>
    public async Task<string?> TokenForAsync(string repository, CancellationToken cancellationToken)
    {
        var slot = _slots.GetOrAdd(repository, _ => new Slot());
        if (slot.Kept is { } kept && time.GetUtcNow() < kept.RenewAt)
        {
            return kept.Token;
        }

        await slot.ApiAccess.WaitAsync(cancellationToken);
        try
        {
            if (slot.Kept is not { } renewed || time.GetUtcNow() >= renewed.RenewAt)
            {
                slot.Kept = await AskAsync(repository, cancellationToken);
            }

            return slot.Kept.Token;
        }
        finally
        {
            slot.ApiAccess.Release();
        }
    }

    /// <summary>GitHub refused a token before its time, as it does when the App's permissions were changed: the next one is new.</summary>
    public void Forget(string repository, string token)
    {
        if (_slots.TryGetValue(repository, out var slot) && slot.Kept?.Token == token)
        {
            slot.Kept = null;
        }
    }

    /// <summary>What proves that we are the App: a token signed with its key (RFC 7519; GitHub Docs, "Generating a JSON Web Token").</summary>
    public string Proof()
    {
        var now = time.GetUtcNow();
        var claims = new AppClaims((now - IssuedBefore).ToUnixTimeSeconds(), (now + GoodFor - IssuedBefore).ToUnixTimeSeconds(), options.Value.AppId);
        var text = Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT"}"""u8) + "." + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims, AppJson.Default.AppClaims));
        using var key = RSA.Create();
        key.ImportFromPem(options.Value.ReadPrivateKey());
        var signature = key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return text + "." + Base64Url.EncodeToString(signature);
    }

    private async Task<Kept> AskAsync(string repository, CancellationToken cancellationToken)
    {
        using var http = clients.CreateClient(HttpClientName);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Proof());
        using var found = await http.GetAsync($"repos/{repository}/installation", cancellationToken);
        if (!IsThere(found, repository))
        {
            return new Kept(null, time.GetUtcNow() + RefusalKept);
        }

        var installation = await found.Content.ReadFromJsonAsync(AppJson.Default.Installation, cancellationToken);
        using var made = await http.PostAsJsonAsync(
            $"app/installations/{installation?.Id}/access_tokens", new TokenWish([repository.Split('/')[1]]), AppJson.Default.TokenWish, cancellationToken);
        return IsThere(made, repository) && await made.Content.ReadFromJsonAsync(AppJson.Default.InstallationToken, cancellationToken) is { } token
            ? new Kept(token.Token, token.ExpiresAt - RenewBefore)
            : new Kept(null, time.GetUtcNow() + RefusalKept);
    }

    private bool IsThere(HttpResponseMessage response, string repository)
    {
        if (HttpFaults.IsPassing(response))
        {
            throw new HttpRequestException($"GitHub answered {(int)response.StatusCode} when the App asked for a token.", null, response.StatusCode);
        }

        switch (response.StatusCode)
        {
            case HttpStatusCode.OK or HttpStatusCode.Created:
                return true;
            case HttpStatusCode.Unauthorized:
                Log.Unknown(logger);
                return false;
            default:
                Log.NotInstalled(logger, (int)response.StatusCode, repository);
                return false;
        }
    }

    private sealed class Slot
    {
        private volatile Kept? _kept;

        public SemaphoreSlim ApiAccess { get; } = new(1);

        public Kept? Kept
        {
            get => _kept;
            set => _kept = value;
        }
    }

    private sealed record Kept(string? Token, DateTimeOffset RenewAt);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "GitHub does not know the App (401): see that GitHub__AppId and its private key belong together, and that this machine's clock is right")]
        public static partial void Unknown(ILogger logger);

        [LoggerMessage(2, LogLevel.Error, "GitHub answered {Status}: the App is not installed on {Repository}, or is suspended; install it on the App's page")]
        public static partial void NotInstalled(ILogger logger, int status, string repository);
    }
}

/// <summary>Puts onto each request to GitHub the token of the repository that it is about.</summary>
public sealed class GitHubAppHandler(GitHubApp app, IOptions<GitHubOptions> options) : DelegatingHandler
{
    private readonly string _repositories = new Uri(options.Value.ApiUrl).AbsolutePath.TrimEnd('/') + "/repos/";

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!options.Value.IsApp || RepositoryOf(request.RequestUri!) is not { } repository)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var token = await app.TokenForAsync(repository, cancellationToken);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        var response = await base.SendAsync(request, cancellationToken);
        if (token is not null && response.StatusCode == HttpStatusCode.Unauthorized)
        {
            app.Forget(repository, token);
        }

        return response;
    }

    private string? RepositoryOf(Uri address) =>
        address.AbsolutePath.StartsWith(_repositories, StringComparison.Ordinal)
        && address.AbsolutePath[_repositories.Length..].Split('/') is [var owner, var name, ..]
            ? $"{owner}/{name}"
            : null;
}

/// <summary>What an App says of itself.</summary>
internal sealed record AppClaims(long Iat, long Exp, string Iss);

/// <summary>Where the App is installed, as far as it is read.</summary>
internal sealed record Installation(long Id);

/// <summary>What a token is to be good for.</summary>
internal sealed record TokenWish(IReadOnlyList<string> Repositories);

/// <summary>A token.</summary>
internal sealed record InstallationToken(string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>Not the token: a record prints all its members.</summary>
    public override string ToString() => $"a token until {ExpiresAt:O}";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AppClaims))]
[JsonSerializable(typeof(Installation))]
[JsonSerializable(typeof(TokenWish))]
[JsonSerializable(typeof(InstallationToken))]
internal sealed partial class AppJson : JsonSerializerContext;
