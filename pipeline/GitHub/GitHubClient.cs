using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ci.Pipeline.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.GitHub;

/// <summary>The one way to GitHub (GitHub Docs, "Best practices for using the REST API", "Troubleshooting the REST API"). 5xx,
/// 408 and no answer are tried three times in all. A rate limit is waited out if that takes seconds; until a longer one is over,
/// nothing is sent. What GitHub refuses is not repeated, but for an App's token, which is renewed once.</summary>
public sealed partial class GitHubClient(
    HttpClient http,
    GitHubApp app,
    GitHubRateLimits limits,
    GitHubIdentity identity,
    IOptions<GitHubOptions> options,
    TimeProvider time,
    ILogger<GitHubClient> logger)
{
    private const int Retries = 2;
    private const int MaxRedirects = 5;
    private const int MaxErrorBytes = 1 << 16;
    private const int MaxErrorLength = 300;

    // Whoever asks for a longer wait than this gets it from the queue, and not from a worker that could build something else.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);

    /// <summary>Sends what does no harm if GitHub takes it twice.</summary>
    /// <exception cref="GitHubRefusedException">GitHub will not.</exception>
    /// <exception cref="GitHubUnavailableException">GitHub is away, or asks for time.</exception>
    public Task<T> SendAsync<T>(GitHubRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class => SendAsync(request, (response, stop) => ReadAsync(request, response, type, stop), cancellationToken);

    public Task<T> SendAsync<T>(
        GitHubRequest request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
        where T : class => RepeatAsync(request, read, null, cancellationToken);

    public Task SendAsync(GitHubRequest request, CancellationToken cancellationToken) =>
        RepeatAsync(request, (_, _) => Task.FromResult(request), null, cancellationToken);

    /// <summary>Makes what must not be there twice: if no answer comes, <paramref name="find"/> looks before it is sent again.</summary>
    public Task<T> CreateAsync<T>(
        GitHubRequest request, JsonTypeInfo<T> type, Func<CancellationToken, Task<T?>> find, CancellationToken cancellationToken)
        where T : class => RepeatAsync(request, (response, stop) => ReadAsync(request, response, type, stop), find, cancellationToken);

    /// <summary>The caller disposes of the answer.</summary>
    internal async Task<HttpResponseMessage> SendOnceAsync(GitHubRequest request, CancellationToken cancellationToken)
    {
        var account = AccountOf(request);
        if (limits.Left(account) is { } left)
        {
            throw new GitHubUnavailableException("GitHub's rate limit is used up.", HttpStatusCode.TooManyRequests, left);
        }

        try
        {
            var token = await TokenAsync(request, cancellationToken);
            var response = await FollowAsync(request, token, cancellationToken);
            // GitHub ends an App's tokens before their time when the App's permissions are changed.
            if (response.StatusCode == HttpStatusCode.Unauthorized && options.Value.IsApp && token is not null
                && request is { Proof: null, Repository: { } repository })
            {
                response.Dispose();
                app.Forget(repository, token);
                response = await FollowAsync(request, await TokenAsync(request, cancellationToken), cancellationToken);
            }

            if (response.IsSuccessStatusCode)
            {
                limits.Clear(account);
                return response;
            }

            using (response)
            {
                throw await ProblemAsync(request, account, response, cancellationToken);
            }
        }
        catch (Exception e) when (TransientHttp.IsNoAnswer(e, cancellationToken))
        {
            throw NoAnswer(e);
        }
    }

    internal static async Task<T> ReadAsync<T>(
        GitHubRequest request, HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancellationToken) ?? throw new JsonException("The answer is null.");
        }
        catch (JsonException e)
        {
            throw new GitHubUnavailableException(
                $"GitHub was asked to {request.Purpose}, and what it answered is something else.", response.StatusCode, inner: e);
        }
    }

    private async Task<T> RepeatAsync<T>(
        GitHubRequest request,
        Func<HttpResponseMessage, CancellationToken, Task<T>> read,
        Func<CancellationToken, Task<T?>>? find,
        CancellationToken cancellationToken)
        where T : class
    {
        for (var retry = 0; ; retry++)
        {
            TimeSpan pause;
            try
            {
                return await TryAsync(request, read, cancellationToken);
            }
            catch (GitHubUnavailableException e) when (retry < Retries && IsWorthAnotherTry(e))
            {
                var backoff = FirstPause * (1 << retry);
                pause = e.RetryAfter > backoff ? e.RetryAfter.Value : backoff;
            }

            await Task.Delay(pause, time, cancellationToken);
            if (find is not null && await find(cancellationToken) is { } taken)
            {
                return taken;
            }
        }
    }

    /// <summary>A whole answer that is none of GitHub's will be no other in a second.</summary>
    private static bool IsWorthAnotherTry(GitHubUnavailableException e) =>
        e.InnerException is not JsonException && !(e.RetryAfter > LongestWait);

    private async Task<T> TryAsync<T>(
        GitHubRequest request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var response = await SendOnceAsync(request, cancellationToken);
        using var end = request.IsStreamed ? null : response;
        try
        {
            return await read(response, cancellationToken);
        }
        catch (Exception e) when (TransientHttp.IsNoAnswer(e, cancellationToken))
        {
            throw NoAnswer(e);
        }
    }

    private GitHubUnavailableException NoAnswer(Exception e) => new($"GitHub at {http.BaseAddress} does not answer.", inner: e);

    /// <summary>GitHub counts by token, or by the account that installed the App.</summary>
    private string AccountOf(GitHubRequest request) =>
        !options.Value.IsApp ? "" : request.Proof is not null ? "/app" : request.Repository?.Split('/')[0] ?? "";

    private async Task<string?> TokenAsync(GitHubRequest request, CancellationToken cancellationToken) =>
        request.Proof
        ?? (!options.Value.IsApp ? (options.Value.Token.Length > 0 ? options.Value.Token : null)
            : request.Repository is { } repository ? await app.TokenForAsync(repository, this, cancellationToken) : null);

    /// <summary>A renamed repository wants the token at its new address; the link to an archive leads out of the API.</summary>
    private async Task<HttpResponseMessage> FollowAsync(GitHubRequest request, string? token, CancellationToken cancellationToken)
    {
        var api = http.BaseAddress!;
        var address = new Uri(api, request.Address);
        for (var redirects = 0; ; redirects++)
        {
            using var message = request.ToMessage(address, api.IsBaseOf(address) ? token : null);
            var response = await http.SendAsync(
                message,
                request.IsStreamed ? HttpCompletionOption.ResponseHeadersRead : HttpCompletionOption.ResponseContentRead,
                cancellationToken);
            if ((int)response.StatusCode is not (301 or 302 or 307 or 308))
            {
                return response;
            }

            response.Dispose();
            var next = response.Headers.Location is { } location ? new Uri(address, location) : null;
            if (next is null || redirects == MaxRedirects || (next.Scheme != Uri.UriSchemeHttps && next.Scheme != address.Scheme))
            {
                throw new HttpRequestException($"{address.Host} leads elsewhere too often, or to what is not encrypted.");
            }

            address = next;
        }
    }

    private async Task<GitHubException> ProblemAsync(
        GitHubRequest request, string account, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = response.StatusCode;
        var said = await MessageAsync(response, cancellationToken);
        if (limits.Note(account, response, said) is { } wait)
        {
            Log.Limited(logger, (int)status, request.Purpose, wait);
            return new GitHubUnavailableException("GitHub's rate limit is used up.", status, wait);
        }

        var answer = $"GitHub answered {(int)status}{(said is null ? "" : $" ({said})")} when asked to {request.Purpose}.";
        if (TransientHttp.IsTransient(status))
        {
            return new GitHubUnavailableException(answer, status, limits.RetryAfter(response));
        }

        var permission = AcceptedPermission(response) ?? request.Permission;
        var howToBeAllowed = request.Repository is null ? null : identity.HowToBeAllowed(permission, request.Repository);
        return status switch
        {
            HttpStatusCode.Unauthorized =>
                new GitHubRefusedException($"{answer} It refused {identity.Name}: {identity.HowToBeKnown}.", status),
            HttpStatusCode.Forbidden when howToBeAllowed is not null =>
                new GitHubRefusedException($"{answer} This host may not: {howToBeAllowed}.", status, permission),
            HttpStatusCode.NotFound when howToBeAllowed is not null => new GitHubRefusedException(
                $"{answer} It is not there, or this host is not shown it; if it is there, {howToBeAllowed}.", status, permission),
            _ => new GitHubRefusedException(answer, status),
        };
    }

    private static async Task<string?> MessageAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxErrorBytes, cancellationToken);
            var error = await response.Content.ReadFromJsonAsync(GitHubJson.Default.GitHubError, cancellationToken);
            var message = error?.Message?.ReplaceLineEndings(" ");
            return message?.Length > MaxErrorLength ? message[..MaxErrorLength] + "…" : message;
        }
        catch (Exception e) when (e is JsonException || TransientHttp.IsNoAnswer(e, cancellationToken))
        {
            return null;
        }
    }

    /// <summary>Any set between the semicolons of <c>issues=write; pull_requests=write</c> will do; commas separate within a set.</summary>
    internal static string? AcceptedPermission(HttpResponseMessage response) =>
        response.Headers.TryGetValues("x-accepted-github-permissions", out var values)
        && values.FirstOrDefault(value => value.Contains('=', StringComparison.Ordinal)) is { } accepted
            ? string.Join(" or ", accepted.Split(';', StringSplitOptions.TrimEntries).Select(set =>
                string.Join(" and ", set.Split(',', StringSplitOptions.TrimEntries).Select(Named))))
            : null;

    private static string Named(string permission)
    {
        var (name, level) = permission.Split('=') is [var key, var value] ? (key, value) : (permission, "");
        name = name switch
        {
            "repository_hooks" => "Webhooks",
            "statuses" => "Commit statuses",
            { Length: > 0 } => char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' '),
            _ => name,
        };
        return $"{name}: {(level == "write" ? "read and write" : level)}";
    }

    private static partial class Log
    {
        // Told once: whoever asks meanwhile is not let through, and need not say so again.
        [LoggerMessage(1, LogLevel.Warning, "GitHub answered {Status} when asked to {Purpose}: its rate limit is used up. "
            + "GitHub is left alone for {Wait}.")]
        public static partial void Limited(ILogger logger, int status, string purpose, TimeSpan wait);
    }
}

internal sealed record GitHubError(string? Message);
