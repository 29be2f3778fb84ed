using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Ci.StandIn;

/// <summary>A GitHub App that is installed on every repository.</summary>
/// <param name="Id">Its id.</param>
/// <param name="PublicKey">The public half of its key, PEM.</param>
public sealed record StandInApp(string Id, string PublicKey);

/// <summary>A GitHub App's way in: REST, "Apps", and "Generating a JSON Web Token (JWT) for a GitHub App".</summary>
internal sealed class Apps(GitHubStandIn gitHub, StandInApp? app)
{
    private const long InstallationId = 4711;

    // "The expiration time of the JWT … can't be more than 10 minutes into the future."
    private static readonly TimeSpan LongestProof = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, (string Repository, DateTimeOffset ExpiresAt)> _tokens = new();

    /// <summary>How long a token lasts; an hour at GitHub.</summary>
    public TimeSpan TokensLast { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many tokens were asked for.</summary>
    public int Asked => _tokens.Count;

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/repos/{owner}/{repo}/installation", Installation);
        routes.MapPost("/app/installations/{id:long}/access_tokens", TokenAsync);
    }

    /// <summary>Whether an Authorization header lets in: a proof of the App to what is the App's, a token to its repository.</summary>
    public bool IsAuthorized(PathString path, string? authorization)
    {
        if (app is null || authorization?.StartsWith("Bearer ", StringComparison.Ordinal) != true)
        {
            return false;
        }

        var credential = authorization["Bearer ".Length..];
        return path.Value!.EndsWith("/installation", StringComparison.Ordinal) || path.StartsWithSegments("/app")
            ? IsProof(credential)
            : _tokens.TryGetValue(credential, out var token) && token.ExpiresAt > DateTimeOffset.UtcNow
                && path.StartsWithSegments("/repos/" + token.Repository);
    }

    private bool IsProof(string proof)
    {
        if (proof.Split('.') is not [var header, var claims, var signature])
        {
            return false;
        }

        using var key = RSA.Create();
        key.ImportFromPem(app!.PublicKey);
        var said = JsonNode.Parse(Decode(claims))!;
        var (from, until) = (Time(said, "iat"), Time(said, "exp"));
        return JsonNode.Parse(Decode(header))!["alg"]!.GetValue<string>() == "RS256"
            && key.VerifyData(
                Encoding.ASCII.GetBytes($"{header}.{claims}"), Decode(signature), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            && said["iss"]!.GetValue<string>() == app.Id
            && from <= DateTimeOffset.UtcNow && until > DateTimeOffset.UtcNow && until <= DateTimeOffset.UtcNow + LongestProof;
    }

    private Answer Installation(string owner, string repo) =>
        gitHub.Repository($"{owner}/{repo}") is null ? Answer.NotFound() : new Answer(new JsonObject
    {
        ["id"] = InstallationId,
        ["account"] = Accounts.User(owner),
        ["access_tokens_url"] = $"https://api.github.com/app/installations/{InstallationId}/access_tokens",
        ["repositories_url"] = "https://api.github.com/installation/repositories",
        ["html_url"] = $"https://github.com/settings/installations/{InstallationId}",
        ["app_id"] = int.Parse(app!.Id, CultureInfo.InvariantCulture),
        ["app_slug"] = "sample-ci",
        ["target_id"] = 1,
        ["target_type"] = "Organization",
        ["permissions"] = new JsonObject { ["checks"] = "write", ["contents"] = "read" },
        ["events"] = new JsonArray("pull_request"),
        ["created_at"] = "2026-01-01T00:00:00Z",
        ["updated_at"] = "2026-01-01T00:00:00Z",
        ["single_file_name"] = null,
        ["repository_selection"] = "selected",
        ["suspended_by"] = null,
        ["suspended_at"] = null,
    });

    private async Task<IResult> TokenAsync(HttpRequest request, long id)
    {
        if (id != InstallationId || (await Answer.ReadAsync(request))?["repositories"] is not JsonArray { Count: 1 } names)
        {
            return Answer.NotFound();
        }

        var repository = gitHub.RepositoryNamed(names[0]!.GetValue<string>())!;
        var token = "ghs_" + Guid.NewGuid().ToString("n");
        var expires = DateTimeOffset.UtcNow + TokensLast;
        _tokens[token] = (repository, expires);
        // What is made has no address of its own here, so the answer names none.
        return new Answer(new JsonObject
        {
            ["token"] = token,
            ["expires_at"] = Repositories.Time(expires),
            ["permissions"] = new JsonObject { ["checks"] = "write", ["contents"] = "read" },
            ["repository_selection"] = "selected",
        }, 201);
    }

    private static DateTimeOffset Time(JsonNode claims, string name) => DateTimeOffset.FromUnixTimeSeconds(claims[name]!.GetValue<long>());

    private static byte[] Decode(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}
