using System.Net;
using System.Text.Json.Nodes;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>Whether builds can run, and if not, what to do.</summary>
public sealed class HealthTests(Azurite azurite, DockerEngine engine, Registry open)
{
    [Fact]
    public async Task With_all_parts_there_builds_can_run()
    {
        await using var story = await Story.StartAsync(azurite, engine, open);

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal((200, "storage ok, queue ok, engine ok, registry ok, github ok, tunnel unused"), (status, Shown(parts)));
        Assert.Contains("builds with BuildKit", Says(parts, "engine"), StringComparison.Ordinal);
        Assert.Matches(@"^\d+ of \d+ requests are left until ", Says(parts, "github"));
        Assert.StartsWith("0 messages", Says(parts, "queue"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strangers_see_which_part_fails_and_no_more()
    {
        await using var story = await Story.StartAsync(azurite, engine, open);

        var (_, parts) = await LookAsync(story, withKey: false);

        Assert.All(parts, part => Assert.Equal(["name", "state"], part!.AsObject().Select(property => property.Key)));
    }

    [Theory]
    [InlineData("Registry__Url", "http://127.0.0.1:1/", "registry", "The registry does not answer")]
    [InlineData("Docker__Host", "unix:///nowhere/docker.sock", "engine", "The Docker engine does not answer")]
    public async Task Without_a_part_that_builds_need_it_is_503_with_what_to_do(string setting, string value, string part, string words)
    {
        await using var story = await Story.StartAsync(azurite, engine, open, new Dictionary<string, string?> { [setting] = value });

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal(503, status);
        Assert.Contains($"{part} failing", Shown(parts), StringComparison.Ordinal);
        Assert.StartsWith(words, Says(parts, part), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_GitHub_does_not_know_is_told_while_builds_run()
    {
        await using var story = await Story.StartAsync(azurite, engine, open, new Dictionary<string, string?> { ["GitHub__Token"] = "an old one" });

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal(200, status);
        Assert.Contains("set GitHub__Token", Says(parts, "github"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_wants_another_password_is_told_as_it_says_it()
    {
        await using var registry = new Registry { AsksForPassword = true };
        await using var story = await Story.StartAsync(azurite, engine, registry);

        var (status, parts) = await LookAsync(story, withKey: true);

        Assert.Equal(503, status);
        Assert.Contains("answered 401", Says(parts, "registry"), StringComparison.Ordinal);
    }

    private static async Task<(int Status, JsonArray Parts)> LookAsync(Story story, bool withKey)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(story.Host.Url, "api/health"));
        if (withKey)
        {
            request.Headers.Add("x-functions-key", Story.Key);
        }

        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal(answer.StatusCode == HttpStatusCode.OK, json["canBuild"]!.GetValue<bool>());
        return ((int)answer.StatusCode, json["parts"]!.AsArray());
    }

    private static string Shown(JsonArray parts) => string.Join(", ", parts.Select(part => $"{part!["name"]} {part["state"]}"));

    private static string Says(JsonArray parts, string name) => parts.Single(part => part!["name"]!.ToString() == name)!["says"]!.ToString();
}
