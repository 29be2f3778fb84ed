using System.Globalization;
using Ci.StandIn;
using Ci.Tests.EndToEnd;
using Ci.Tests.Fixtures;
using Microsoft.Playwright;

namespace Ci.Tests.Pages;

/// <summary>Builds that somebody watches in a browser while they happen.</summary>
public sealed class LiveTests(Azurite azurite, DockerEngine engine, DockerRegistry registry, Chromium chromium)
{
    private static readonly Dictionary<string, string?> OneAtATime =
        new() { ["AzureFunctionsJobHost__extensions__queues__newBatchThreshold"] = "0" };

    private static readonly Dictionary<string, string?> OneTry = new()
    {
        ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "1",
        ["Build__MaxAttempts"] = "1",
    };

    [Fact]
    public async Task A_build_is_watched_from_queued_to_pushed_and_its_log_while_it_grows()
    {
        await using var story = await StartAsync(OneAtATime);
        var (before, gate) = (new Gate(engine), new Gate(engine));
        var first = await story.OpenWithoutWaitingAsync(story.SlowFiles("x", before.Step("echo first")));
        await story.UntilLoggedAsync(first, "first");
        var id = await story.OpenWithoutWaitingAsync(story.SlowFiles("y", gate.Step("echo one", "printf '\\033[32mtwo\\033[0m\\n'")));
        await using var window = await chromium.OpenAsync(story.Host.Url);
        await window.GoAsync($"/api/builds/{id}");

        await window.SeeAsync("#state", "queued");
        await before.OpenAsync();
        await window.SeeAsync("#state .state", "running");
        await window.SeeAsync("#log .say:text-matches('(^| )one$')", "one");
        // The first line is shown before the second is written.
        Assert.Equal(0, await window.Page.Locator("#log .f2").CountAsync());
        await window.SeeAsync("#stages [aria-current=step]", "Build " + story.ServiceName);
        await window.PictureAsync("live");
        await gate.OpenAsync();
        await window.SeeAsync("#log .f2", "two");
        await window.SeeAsync("#state", "succeeded");
        var reference = $"{registry.Address}/{story.ServiceName}:pr-{(await story.BuildAsync(id)).PullRequest}";
        await window.SeeAsync("#images", $"docker pull {reference}");
        await window.SeeAsync("#log", "Succeeded: Pushed");
        await window.SeeAsync("#announce", "Succeeded");

        Assert.StartsWith("succeeded: A change", await window.Page.TitleAsync(), StringComparison.Ordinal);
        await Assertions.Expect(window.Page.Locator("#build")).ToHaveAttributeAsync("data-ended", "");
        var lines = (await story.LogAsync(id)).Split('\n').Length - 1;
        Assert.Equal(Enumerable.Range(1, lines).Select(n => "L" + n.ToString(CultureInfo.InvariantCulture)), await LinesAsync(window));
        var atEnd = await window.Page.Locator("#log").EvaluateAsync<bool>(
            "log => log.scrollTop + log.clientHeight >= log.scrollHeight - 2");
        Assert.True(atEnd, "The log was not followed to its end.");
    }

    [Fact]
    public async Task What_was_watched_is_what_is_there_afterwards()
    {
        await using var story = await StartAsync();
        var gate = new Gate(engine);
        var id = await story.OpenWithoutWaitingAsync(story.SlowFiles("x", gate.Step("echo one", "echo two")));
        await using var window = await chromium.OpenAsync(story.Host.Url);
        await window.GoAsync($"/api/builds/{id}");
        await gate.OpenAsync();
        await window.SeeAsync("#state", "succeeded");
        await Assertions.Expect(window.Page.Locator("#build")).ToHaveAttributeAsync("data-ended", "");
        var watched = await TextsAsync(window);
        await window.GoAsync($"/api/builds/{id}");

        Assert.Equal(await TextsAsync(window), watched);
    }

    [Fact]
    public async Task A_failure_says_why_while_it_is_watched()
    {
        await using var story = await StartAsync();
        var gate = new Gate(engine);
        var id = await story.OpenWithoutWaitingAsync(story.SlowFiles("x", gate.Step("echo about to fail", "false")));
        await using var window = await chromium.OpenAsync(story.Host.Url);
        await window.GoAsync($"/api/builds/{id}");
        await gate.OpenAsync();

        await window.SeeAsync("#state", "failed");
        await window.SeeAsync("#notes", "about to fail");
        await Assertions.Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Rebuild" })).ToBeVisibleAsync();
        Assert.Empty(await window.FlawsAsync());
    }

    [Fact]
    public async Task A_build_is_cancelled_and_rebuilt_by_its_buttons()
    {
        await using var story = await StartAsync();
        var gate = new Gate(engine);
        var id = await story.OpenWithoutWaitingAsync(story.SlowFiles("x", gate.Step("echo begun")));
        await using var window = await chromium.OpenAsync(story.Host.Url);
        await window.GoAsync($"/api/builds/{id}");
        await window.SeeAsync("#log", "begun");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await window.SeeAsync("#state", "cancelled");
        await window.SeeAsync("#log", "ended from outside");
        await gate.OpenAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Rebuild" }).ClickAsync();

        await window.SeeAsync("#log", "Try 2");
        await window.SeeAsync("#state", "succeeded");
        Assert.Equal("succeeded", (await story.BuildAsync(id)).State);
    }

    [Fact]
    public async Task A_dead_letter_is_replayed_by_its_button()
    {
        await using var story = await StartAsync(OneTry);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            story.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos/sample/repository/tarball", Status = 503 });
        }

        var build = await story.OpenAsync(story.Files("x"));
        await story.DeadLetterAsync(letter => letter["build"]?["id"]?.ToString() == build.Id);
        await using var window = await chromium.OpenAsync(story.Host.Url);
        await window.GoAsync("/api/dead-letters");
        await window.SeeAsync(".letters", "GitHub answered 503");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Replay" }).ClickAsync();

        await window.SeeAsync("#state", "succeeded");
        await window.GoAsync("/api/dead-letters");
        await window.SeeAsync("main", "There is none");
    }

    private static async Task<string[]> LinesAsync(BrowserSession window) =>
        await window.Page.Locator("#log li").EvaluateAllAsync<string[]>("lines => lines.map(line => line.id)");

    private static Task<string[]> TextsAsync(BrowserSession window) => window.Page.Locator("#log details").EvaluateAllAsync<string[]>(
        """
        sections => sections.map(section => section.querySelector('summary').textContent.trim() + '\n'
          + [...section.querySelectorAll('li')].map(line => line.outerHTML).join('\n'))
        """);

    private async Task<CiScenario> StartAsync(Dictionary<string, string?>? settings = null)
    {
        await chromium.StartAsync();
        return await CiScenario.StartAsync(azurite, engine, registry, settings);
    }
}
