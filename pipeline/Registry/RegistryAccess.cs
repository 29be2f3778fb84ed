using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Registry;

/// <summary>Logs in with the password, or with a token for it (CNCF distribution, "Token Authentication Specification").</summary>
internal sealed partial class RegistryAccess(IOptions<RegistryOptions> options) : DelegatingHandler
{
    // The least time that a token lives by that specification; it is taken for the shortest.
    private static readonly TimeSpan TokenLife = TimeSpan.FromSeconds(45);

    private readonly ConcurrentDictionary<string, (AuthenticationHeaderValue Value, long Since)> _known = new(StringComparer.Ordinal);

    /// <summary>Trusts the authorities of <c>Registry__CaPath</c> beside the system's.</summary>
    public static SocketsHttpHandler Primary(RegistryOptions options)
    {
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = true };
        if (options.CaPath.Length > 0)
        {
            var own = new X509Certificate2Collection();
            own.ImportFromPemFile(options.CaPath);
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                errors == System.Net.Security.SslPolicyErrors.None
                || (errors == System.Net.Security.SslPolicyErrors.RemoteCertificateChainErrors
                    && certificate is X509Certificate2 theirs && IsSignedBy(own, theirs, chain));
        }

        return handler;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var scope = RepositoryIn(request.RequestUri!);
        if (options.Value.Username.Length > 0
            && _known.TryGetValue(scope, out var known) && TimeProvider.System.GetElapsedTime(known.Since) < TokenLife)
        {
            request.Headers.Authorization = known.Value;
        }

        var response = await base.SendAsync(request, cancellationToken);
        // A body that was read already cannot be sent again unless it is in memory, as all of ours are.
        if (response.StatusCode != HttpStatusCode.Unauthorized || options.Value.Username.Length == 0
            || await AuthorizeAsync(response.Headers.WwwAuthenticate, scope, cancellationToken) is not { } value)
        {
            return response;
        }

        response.Dispose();
        _known[scope] = (value, TimeProvider.System.GetTimestamp());
        request.Headers.Authorization = value;
        return await base.SendAsync(request, cancellationToken);
    }

    private static bool IsSignedBy(X509Certificate2Collection own, X509Certificate2 certificate, X509Chain? sent)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.AddRange(own);
        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainPolicy.ExtraStore ?? []);
        return chain.Build(certificate);
    }

    private async Task<AuthenticationHeaderValue?> AuthorizeAsync(
        HttpHeaderValueCollection<AuthenticationHeaderValue> asked, string repository, CancellationToken cancellationToken)
    {
        var password = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{options.Value.Username}:{options.Value.Password}")));
        if (asked.FirstOrDefault(a => a.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)) is not { Parameter: { } parameter })
        {
            return asked.Any(a => a.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase)) ? password : null;
        }

        var parts = Pair().Matches(parameter)
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value, StringComparer.OrdinalIgnoreCase);
        if (!parts.TryGetValue("realm", out var realm)
            || !Uri.TryCreate(realm, UriKind.Absolute, out var service) || !IsFitForPassword(service))
        {
            return null;
        }

        var query = $"service={Uri.EscapeDataString(parts.GetValueOrDefault("service", ""))}"
            + $"&scope={Uri.EscapeDataString($"repository:{repository}:pull,push,delete")}";
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(service) { Query = query }.Uri);
        request.Headers.Authorization = password;
        using var answer = await base.SendAsync(request, cancellationToken);
        return answer.IsSuccessStatusCode && TokenIn(await answer.Content.ReadAsStringAsync(cancellationToken)) is { } token
            ? new AuthenticationHeaderValue("Bearer", token)
            : null;
    }

    // Who can change an answer on an open line must not be able to have the password sent elsewhere on one.
    private bool IsFitForPassword(Uri service) =>
        service.Scheme == "https" || (service.Scheme == "http" && options.Value.ApiUrl.Scheme == "http");

    private static string? TokenIn(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.TryGetProperty("token", out var token) || json.RootElement.TryGetProperty("access_token", out token)
                ? token.GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // v2/NAME/manifests/… or v2/NAME/blobs/…
    private static string RepositoryIn(Uri uri) =>
        Repository().Match(uri.AbsolutePath) is { Success: true } match ? match.Groups[1].Value : "";

    [GeneratedRegex("""([a-z_]+)="([^"]*)["]""", RegexOptions.IgnoreCase)]
    private static partial Regex Pair();

    [GeneratedRegex("/v2/(.+)/(?:manifests|blobs)/")]
    private static partial Regex Repository();
}
