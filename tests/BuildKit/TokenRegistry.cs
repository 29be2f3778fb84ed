using System.Text;
using Ci.Tests.Fixtures;
using Microsoft.AspNetCore.Http;

namespace Ci.Tests.BuildKit;

/// <summary>A registry that, like Docker Hub, lets in who brings a token, and gives tokens for a password (distribution's token
/// authentication): the real registry, with a stand-in for its guard in front.</summary>
internal sealed class TokenRegistry : IAsyncDisposable
{
    private const string Token = "the-token";

    private readonly HttpClient _http = new();
    private readonly DockerRegistry _registry;
    private StandInServer? _guard;

    private TokenRegistry(DockerRegistry registry) => _registry = registry;

    /// <summary>The name in image references.</summary>
    public string Address => $"localhost:{_guard!.Engine.Port}";

    public static async Task<TokenRegistry> StartAsync(DockerRegistry registry)
    {
        var tokens = new TokenRegistry(registry);
        tokens._guard = await StandInServer.StartAsync(tokens.AnswerAsync);
        return tokens;
    }

    public async ValueTask DisposeAsync()
    {
        await _guard!.DisposeAsync();
        _http.Dispose();
    }

    private Task AnswerAsync(HttpContext context) =>
        context.Request.Path == "/token" ? GiveTokenAsync(context)
        : context.Request.Headers.Authorization == $"Bearer {Token}" ? ForwardAsync(context)
        : RefuseAsync(context);

    private static Task GiveTokenAsync(HttpContext context)
    {
        var expected = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{DockerRegistry.User}:{DockerRegistry.Password}"));
        if (context.Request.Method == "GET" && context.Request.Headers.Authorization == $"Basic {expected}")
        {
            return context.Response.WriteAsync($$"""{"token": "{{Token}}", "expires_in": 300}""");
        }

        context.Response.StatusCode = context.Request.Method == "GET" ? 401 : 404;
        return Task.CompletedTask;
    }

    private Task RefuseAsync(HttpContext context)
    {
        context.Response.StatusCode = 401;
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{Address}/token\",service=\"tests\",scope=\"repository:private/base:pull\"";
        return Task.CompletedTask;
    }

    private async Task ForwardAsync(HttpContext context)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), new Uri(_registry.Url, context.Request.Path));
        foreach (var type in context.Request.Headers.Accept)
        {
            request.Headers.TryAddWithoutValidation("Accept", type);
        }

        using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(header => header.Key is "Content-Type" or "Content-Length" or "Docker-Content-Digest"))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        if (context.Request.Method == "GET")
        {
            await answer.Content.CopyToAsync(context.Response.Body);
        }
    }
}
