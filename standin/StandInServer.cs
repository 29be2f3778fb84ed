using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Ci.StandIn;

/// <summary>An answer to give instead of the right one.</summary>
public sealed record StandInFault
{
    /// <summary>The beginning of the path that it is for.</summary>
    public required string Path { get; init; }

    /// <summary>The status; 0 cuts the connection after half of the right answer.</summary>
    public required int Status { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The body; null is GitHub's JSON for an error.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }
}

/// <summary>The stand-in's HTTP side: the API, and on a second port what GitHub has on codeload.github.com.</summary>
internal sealed class StandInServer : IAsyncDisposable
{
    private readonly GitHubStandIn _gitHub;
    private readonly string? _token;
    private WebApplication _app = null!;

    private StandInServer(GitHubStandIn gitHub, string? token)
    {
        _gitHub = gitHub;
        _token = token;
    }

    public Uri ApiUrl { get; private set; } = null!;

    private Uri CodeUrl { get; set; } = null!;

    public static async Task<StandInServer> StartAsync(GitHubStandIn gitHub, GitHubStandInOptions options)
    {
        var server = new StandInServer(gitHub, options.Token);
        // The empty builder: the others watch all folders below the current one.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(options.Address, options.Port);
            kestrel.Listen(options.Address, 0);
        });
        server._app = builder.Build();
        server.Map();
        await server._app.StartAsync();
        var urls = server._app.Urls.ToArray();
        server.ApiUrl = new Uri(urls[0]);
        // Another host name where there is one, so that a client which sent its token along would be noticed.
        var code = new Uri(urls[1]);
        server.CodeUrl = IPAddress.IsLoopback(options.Address) ? new Uri($"http://localhost:{code.Port}") : code;
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private void Map()
    {
        _app.Use(AuthorizeAsync);
        _app.MapGet("/repos/{owner}/{repo}/tarball/{commit}", TarballAsync);
        _app.MapGet("/codeload/{owner}/{repo}/legacy.tar.gz/{commit}", ArchiveAsync);
        _app.MapGet("/repos/{owner}/{repo}/pulls/{number:int}/files", FilesAsync);
        _app.MapGet("/repos/{owner}/{repo}/pulls/{number:int}", Pull);
        _app.MapGet("/repos/{owner}/{repo}", (string owner, string repo) =>
            _gitHub.Repository($"{owner}/{repo}") is { } repository ? new Answer(Repositories.Full($"{owner}/{repo}", repository.Kilobytes))
                : Answer.NotFound());
        _app.MapGet("/repos/{owner}/{repo}/collaborators/{username}/permission", Permission);
        _app.MapGet("/rate_limit", () => RateLimit.Overview(_gitHub.RequestsLeft));
        _gitHub.Database.Map(_app);
        _gitHub.StatusBoard.Map(_app);
        _gitHub.CommentBoard.Map(_app);
        _gitHub.CheckBoard.Map(_app);
        _gitHub.AppRegistry.Map(_app);
        _app.MapFallback(Answer.NotFound);
    }

    private async Task AuthorizeAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        _gitHub.Requests.Enqueue($"{request.Method} {request.Path}");
        if (!request.Path.StartsWithSegments("/codeload"))
        {
            await Exchange.RecordAsync(context, _gitHub.Exchanges.Enqueue);
        }

        var headers = context.Response.Headers;
        headers["X-GitHub-Request-Id"] = Guid.NewGuid().ToString("n");
        headers["X-GitHub-Media-Type"] = "github.v3; format=json";
        RateLimit.SetHeaders(headers, _gitHub.RequestsLeft);
        if (_gitHub.Faults.TryPeek(out var fault) && request.Path.StartsWithSegments(fault.Path) && _gitHub.Faults.TryDequeue(out fault))
        {
            await (fault.Status == 0 ? CutAsync(context, next) : GiveFaultAsync(context, fault));
        }
        else if (request.Path.StartsWithSegments("/codeload"))
        {
            await (request.Headers.Authorization.Count == 0
                ? next(context)
                : Answer.Problem(400, "Only one auth mechanism allowed").ExecuteAsync(context));
        }
        // How many requests are left GitHub tells anybody.
        else if (_token is not null
            && !(request.Path == "/rate_limit" && request.Headers.Authorization.Count == 0)
            && request.Headers.Authorization != "Bearer " + _token
            && !_gitHub.AppRegistry.IsAuthorized(request.Path, request.Headers.Authorization))
        {
            await Answer.Problem(401, "Bad credentials").ExecuteAsync(context);
        }
        else if (request.Headers.UserAgent.Count == 0)
        {
            await Answer.Problem(403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
                .ExecuteAsync(context);
        }
        else
        {
            await next(context);
        }
    }

    /// <summary>Sends the first half of the right answer, and breaks off.</summary>
    private static async Task CutAsync(HttpContext context, RequestDelegate next)
    {
        var body = context.Response.Body;
        using var whole = new MemoryStream();
        context.Response.Body = whole;
        await next(context);
        context.Response.Body = body;
        context.Response.ContentLength = whole.Length;
        await body.WriteAsync(whole.GetBuffer().AsMemory(0, (int)whole.Length / 2));
        await body.FlushAsync();
        context.Abort();
    }

    private static async Task GiveFaultAsync(HttpContext context, StandInFault fault)
    {
        foreach (var (name, value) in fault.Headers)
        {
            context.Response.Headers[name] = value;
        }

        if (fault.Body is { } body)
        {
            context.Response.StatusCode = fault.Status;
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
            return;
        }

        await Answer.Problem(fault.Status, fault.Status == 429 ? "API rate limit exceeded" : "Server Error").ExecuteAsync(context);
    }

    private async Task<IResult> TarballAsync(string owner, string repo, string commit) =>
        _gitHub.Repository($"{owner}/{repo}") is { } repository && await repository.HasCommitAsync(commit)
            ? Results.Redirect(new Uri(CodeUrl, $"/codeload/{owner}/{repo}/legacy.tar.gz/{commit}?token={Guid.NewGuid():n}").ToString())
            : Answer.NotFound();

    internal static string TopFolder(string repository, string commit) => $"{repository.Replace('/', '-')}-{commit[..7]}";

    private async Task ArchiveAsync(HttpContext context, string owner, string repo, string commit)
    {
        var repository = _gitHub.Repository($"{owner}/{repo}")!;
        context.Response.ContentType = "application/x-gzip";
        context.Response.Headers.ContentDisposition = $"attachment; filename={owner}-{repo}-{commit[..7]}.tar.gz";
        if (_gitHub.ArchiveOf(commit) is { } kept)
        {
            await context.Response.SendFileAsync(kept, context.RequestAborted);
            return;
        }

        using var git = repository.StartArchive(commit, TopFolder($"{owner}/{repo}", commit));
        await git.StandardOutput.BaseStream.CopyToAsync(context.Response.Body, context.RequestAborted);
        await git.WaitForExitAsync(context.RequestAborted);
    }

    private async Task<IResult> FilesAsync(string owner, string repo, int number, int? per_page, int? page)
    {
        if (_gitHub.Pull($"{owner}/{repo}", number) is not { } pull || _gitHub.Repository(pull.Repository) is not { } repository)
        {
            return Answer.NotFound();
        }

        var changed = await repository.ChangedFilesAsync(pull.Head);
        JsonNode[] files = [.. Answer.Page(changed, per_page, page).Select(path => new JsonObject
        {
            ["sha"] = new string('c', 40),
            ["filename"] = path,
            ["status"] = "modified",
            ["additions"] = 1,
            ["deletions"] = 1,
            ["changes"] = 2,
            ["blob_url"] = $"https://github.com/{owner}/{repo}/blob/{pull.Head}/{path}",
            ["raw_url"] = $"https://github.com/{owner}/{repo}/raw/{pull.Head}/{path}",
            ["contents_url"] = $"https://api.github.com/repos/{owner}/{repo}/contents/{path}?ref={pull.Head}",
        })];
        return new Answer(new JsonArray(files));
    }

    /// <summary>The permission knows four words; the role behind it, triage and maintain as well, is named beside it.</summary>
    private Answer Permission(string owner, string repo, string username)
    {
        if (_gitHub.Repository($"{owner}/{repo}") is null)
        {
            return Answer.NotFound();
        }

        var role = _gitHub.Roles.GetValueOrDefault(($"{owner}/{repo}", username), "none");
        var user = Accounts.User(username);
        user["role_name"] = role;
        return new Answer(new JsonObject
        {
            ["permission"] = role switch { "maintain" => "write", "triage" => "read", _ => role },
            ["role_name"] = role,
            ["user"] = user,
        });
    }

    private Answer Pull(string owner, string repo, int number) =>
        _gitHub.Pull($"{owner}/{repo}", number) is { } pull ? new Answer(pull.Shown()) : Answer.NotFound();
}
