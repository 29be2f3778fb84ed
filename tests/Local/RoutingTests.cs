using System.Net;

namespace Ci.Tests.Local;

/// <summary>Which function a request reaches.</summary>
public sealed class RoutingTests(SampleHost shared) : IAsyncLifetime
{
    private TestHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await shared.GetAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("", "echo")]
    [InlineData("ci/v1", "ci/v1/echo")]
    public async Task The_route_prefix_stands_before_every_route(string prefix, string path)
    {
        // The worker reads it from the file beside it.
        var app = CopyApp();
        var hostJson = $$"""{ "version": "2.0", "extensions": { "http": { "routePrefix": "{{prefix}}" } } }""";
        await System.IO.File.WriteAllTextAsync(Path.Combine(app.FullName, "host.json"), hostJson, TestContext.Current.CancellationToken);
        await using (var host = await TestHost.StartAsync(["EchoGet"], hostJson, app: app.FullName))
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync("GET", path, host));
            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync("GET", "other/" + path, host));
        }

        app.Delete(recursive: true);
    }

    [Fact]
    public async Task A_route_prefix_that_the_worker_does_not_know_is_refused()
    {
        var refusal = await TestHost.RefusalAsync(
            ["EchoGet"], settings: new() { ["AzureFunctionsJobHost__extensions__http__routePrefix"] = "ci" });

        Assert.StartsWith("extensions.http.routePrefix is 'ci' here and 'api' in ", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "api/no-such-route")]
    [InlineData("PUT", "api/echo")]
    [InlineData("DELETE", "api/echo")]
    [InlineData("OPTIONS", "api/echo")]
    [InlineData("HEAD", "api/echo")]
    [InlineData("POST", "api/of/a/b")]
    [InlineData("POST", "")]
    [InlineData("HEAD", "")]
    public async Task What_no_function_takes_is_404_and_never_405(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await _host.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("API/Echo")]
    [InlineData("api/echo/")]
    public async Task Case_and_a_trailing_slash_do_not_matter(string path) =>
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("GET", path));

    [Fact]
    public async Task Functions_on_one_route_are_told_apart_by_method()
    {
        Assert.StartsWith("{\"q\":", await GetAsync("api/echo"), StringComparison.Ordinal);
        using var response = await _host.Http.PostAsync("api/echo", new StringContent("posted"), TestContext.Current.CancellationToken);
        Assert.Equal("posted", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task HEAD_is_a_method_as_any_other_where_a_function_names_none()
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, "api/anymethodnoroute");
        using var response = await _host.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("GET", "api/aardvark", "Aardvark")]
    [InlineData("GET", "api/zebra", "Middle")]
    [InlineData("POST", "api/zebra", "ZebraPost")]
    public async Task Functions_are_tried_in_order_of_name_and_not_of_precision(string method, string path, string function)
    {
        await using var host = await TestHost.StartAsync(["Aardvark", "Middle", "Zebra", "ZebraPost"]);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(function, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_function_without_route_and_methods_has_its_name_and_takes_any()
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, "api/anymethodnoroute");
        using var response = await _host.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("PATCH", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("api/of/a%2Fb/caf%C3%A9%20x", "a%2Fb|café x")]
    [InlineData("api/badge/o/r.x.svg", "o|r.x")]
    [InlineData("api/typed/41/0f8fad5b-d9cb-469f-a165-70867728950e", "42|0f8fad5bd9cb469fa16570867728950e")]
    [InlineData("api/optional", "none")]
    [InlineData("api/optional/x", "x")]
    public async Task Route_values_are_bound_by_name_and_an_encoded_slash_stays_encoded(string path, string seen) =>
        Assert.Equal(seen, await GetAsync(path));

    [Fact]
    public async Task A_route_value_of_the_wrong_type_is_500() =>
        Assert.Equal(HttpStatusCode.InternalServerError, await StatusAsync("GET", "api/typed/x/y"));

    [Fact]
    public async Task The_root_is_a_welcome_page() => Assert.Contains("up and running", await GetAsync(""), StringComparison.Ordinal);

    private static DirectoryInfo CopyApp()
    {
        var copy = Directory.CreateTempSubdirectory("ci-app-");
        foreach (var file in Directory.EnumerateFiles(TestHost.App))
        {
            System.IO.File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
        }

        return copy;
    }

    private Task<string> GetAsync(string path) => _host.Http.GetStringAsync(path, TestContext.Current.CancellationToken);

    private async Task<HttpStatusCode> StatusAsync(string method, string path, TestHost? host = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await (host ?? _host).Http.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
