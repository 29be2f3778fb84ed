using System.Net;

namespace Ci.Tests.Local;

/// <summary>Which of an app's functions run.</summary>
public sealed class FunctionListTests
{
    [Fact]
    public async Task Those_that_host_json_names_run_and_no_others()
    {
        await using var host = await TestHost.StartAsync([], """{ "version": "2.0", "functions": [ "guarded", "Nothing" ] }""");

        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotFound],
            await Task.WhenAll(StatusAsync(host, "guarded"), StatusAsync(host, "nothing"), StatusAsync(host, "echo")));
    }

    [Fact]
    public async Task Settings_replace_what_host_json_names()
    {
        await using var host = await TestHost.StartAsync(["Nothing"], """{ "version": "2.0", "functions": [ "Guarded" ] }""");

        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.NotFound], await Task.WhenAll(StatusAsync(host, "nothing"), StatusAsync(host, "guarded")));
    }

    [Fact]
    public async Task A_name_that_the_app_does_not_have_is_a_sentence() => Assert.StartsWith(
        "host.json: functions names 'Ecco', which the app does not have; it has Aardvark, ", await TestHost.RefusalAsync(["Echo", "Ecco"]),
        StringComparison.Ordinal);

    private static async Task<HttpStatusCode> StatusAsync(TestHost host, string route)
    {
        using var response = await host.Http.GetAsync("api/" + route, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
