using Ci.BuildKit;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Ci.Tests.BuildKit;

/// <summary>Engines that build nothing with BuildKit, or are in trouble: a caller must know when to take the classic builder, and when to wait.</summary>
public sealed class BuildKitEngineTests
{
    [Theory]
    [InlineData("", "1.38", "linux", false, false)]
    [InlineData("", "1.41", "linux", false, true)]
    [InlineData("1", "1.41", "linux", false, true)]
    [InlineData("2", "1.42", "linux", true, true)]
    [InlineData("", "1.45", "windows", false, false)]
    public async Task An_engine_says_itself_whether_it_has_BuildKit(string builder, string api, string os, bool prefers, bool has)
    {
        await using var engine = await StandInServer.StartAsync(context => PingAsync(context, builder, api, os));

        var probe = await EngineProbe.AskAsync(new EngineAddress(engine.Engine), TestContext.Current.CancellationToken);

        Assert.Equal((prefers, has), (probe.PrefersBuildKit, probe.HasBuildKit));
    }

    [Fact]
    public async Task An_engine_without_BuildKit_is_not_asked_to_build()
    {
        var asked = new List<string>();
        await using var engine = await StandInServer.StartAsync(context =>
        {
            asked.Add(context.Request.Path);
            return PingAsync(context, "", "1.38", "linux");
        });

        var failure = await FailureAsync<BuildKitUnavailableException>(engine);

        Assert.Contains("1.38", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["/_ping"], asked);
    }

    [Fact]
    public async Task An_engine_that_knows_no_sessions_has_no_BuildKit()
    {
        // Podman: it speaks the API of Engine 20.10, and has another builder.
        await using var engine = await EngineAsync(session: context => NotFoundAsync(context));

        var failure = await FailureAsync<BuildKitUnavailableException>(engine);

        Assert.Contains("404", failure.Message, StringComparison.Ordinal);
        Assert.Contains("page not found", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("failed to authorize: no active sessions")]
    [InlineData("failed to solve with frontend dockerfile.v0: failed to read dockerfile: failed to load cache key: could not access local files without session")]
    public async Task An_engine_that_builds_without_the_session_is_one_without_BuildKit(string error)
    {
        await using var engine = await EngineAsync(build: context => context.Response.WriteAsync($$"""{"errorDetail": {"message": "{{error}}"}, "error": "{{error}}"}"""));

        await FailureAsync<BuildKitUnavailableException>(engine);
    }

    [Fact]
    public async Task An_engine_that_lost_the_session_may_be_asked_again()
    {
        await using var engine = await EngineAsync(build: context =>
            context.Response.WriteAsync("""{"errorDetail": {"message": "no active session for 1234: context deadline exceeded"}}"""));

        await FailureAsync<EngineUnavailableException>(engine);
    }

    [Fact]
    public async Task An_engine_in_trouble_may_be_asked_again()
    {
        await using var engine = await EngineAsync(build: context =>
        {
            context.Response.StatusCode = 500;
            return context.Response.WriteAsync("""{"message": "the disk is gone"}""");
        });

        Assert.Equal("The Docker engine answered 500: the disk is gone", (await FailureAsync<EngineUnavailableException>(engine)).Message);
    }

    [Fact]
    public async Task An_answer_that_ends_before_the_image_is_there_is_no_success()
    {
        await using var engine = await EngineAsync(build: context => context.Response.WriteAsync("""{"stream": "soon"}"""));

        await FailureAsync<EngineUnavailableException>(engine);
    }

    [Fact]
    public void A_build_is_asked_for_in_the_words_of_the_engines_API()
    {
        var build = Building.Of("") with
        {
            Pull = true,
            NoCache = true,
            CacheFrom = ["registry/a:1", "registry/b:1"],
            SourceDate = DateTimeOffset.FromUnixTimeSeconds(1767323045),
        };

        Assert.Equal(
            "version=2&session=id&dockerfile=Dockerfile&nocache=1&pull=1&buildargs={\"SOURCE_DATE_EPOCH\":\"1767323045\"}&cachefrom=[\"registry/a:1\",\"registry/b:1\"]",
            Uri.UnescapeDataString(BuildQuery.Of(build, "id")));
    }

    [Fact]
    public void A_builds_own_SOURCE_DATE_EPOCH_wins()
    {
        var build = Building.Of("") with { SourceDate = DateTimeOffset.UnixEpoch, Args = new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = "7" } };

        Assert.Contains("buildargs={\"SOURCE_DATE_EPOCH\":\"7\"}", Uri.UnescapeDataString(BuildQuery.Of(build, "id")), StringComparison.Ordinal);
    }

    private static Task<StandInServer> EngineAsync(RequestDelegate? session = null, RequestDelegate? build = null) => StandInServer.StartAsync(context =>
        context.Request.Path.Value switch
        {
            "/_ping" => PingAsync(context, "", "1.41", "linux"),
            "/session" => (session ?? OpenAsync)(context),
            "/build" => (build ?? NotFoundAsync)(context),
            _ => NotFoundAsync(context),
        });

    private static Task PingAsync(HttpContext context, string builder, string api, string os)
    {
        context.Response.Headers["Builder-Version"] = builder;
        context.Response.Headers["Api-Version"] = api;
        context.Response.Headers["Ostype"] = os;
        return context.Response.WriteAsync("OK");
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = 404;
        context.Response.ContentLength = "page not found".Length;
        return context.Response.WriteAsync("page not found");
    }

    /// <summary>Switches as the engine does, and asks nothing until the other side hangs up.</summary>
    private static async Task OpenAsync(HttpContext context)
    {
        context.Response.Headers.Upgrade = "h2c";
        await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        await stream.CopyToAsync(Stream.Null);
    }

    private static async Task<TException> FailureAsync<TException>(StandInServer engine)
        where TException : Exception
    {
        using var builder = new BuildKitBuilder(new EngineAddress(engine.Engine), new SessionAnswers());
        return await Assert.ThrowsAsync<TException>(() => builder.BuildAsync(Building.Of("FROM scratch\n"), static _ => { }, TestContext.Current.CancellationToken));
    }
}
