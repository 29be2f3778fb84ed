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
        await using var scenario = await StartAsync(OneAtATime);
        var (before, barrier) = (new BuildBarrier(engine), new BuildBarrier(engine));
        var first = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("x", before.Step("echo first")));
        await scenario.UntilLoggedAsync(first, "first");
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("y", barrier.Step("echo one", "printf '\\033[32mtwo\\033[0m\\n'")));
        await using var window = await chromium.OpenAsync(scenario.Host.Url);
        await window.GoAsync($"/api/builds/{id}");

        await window.SeeAsync("#state", "queued");
        await before.ReleaseAsync();
        await window.SeeAsync("#state .state", "running");
        await window.SeeAsync("#log .say:text-matches('(^| )one$')", "one");
        // The first line is shown before the second is written.
        Assert.Equal(0, await window.Page.Locator("#log .f2").CountAsync());
        await window.SeeAsync("#stages [aria-current=step]", "Build " + scenario.ServiceName);
        await window.PictureAsync("live");
        await barrier.ReleaseAsync();
        await window.SeeAsync("#log .f2", "two");
        await window.SeeAsync("#state", "succeeded");
        var reference = $"{registry.Address}/{scenario.ServiceName}:pr-{(await scenario.BuildAsync(id)).PullRequest}";
        await window.SeeAsync("#images", $"docker pull {reference}");
        await window.SeeAsync("#log", "Succeeded: Pushed");
        await window.SeeAsync("#announce", "Succeeded");

        Assert.StartsWith("succeeded: A change", await window.Page.TitleAsync(), StringComparison.Ordinal);
        await Assertions.Expect(window.Page.Locator("#build")).ToHaveAttributeAsync("data-ended", "");
        var lines = (await scenario.LogAsync(id)).Split('\n').Length - 1;
        Assert.Equal(Enumerable.Range(1, lines).Select(n => "L" + n.ToString(CultureInfo.InvariantCulture)), await LinesAsync(window));
        var atEnd = await window.Page.Locator("#log").EvaluateAsync<bool>(
            "log => log.scrollTop + log.clientHeight >= log.scrollHeight - 2");
        Assert.True(atEnd, "The log was not followed to its end.");
    }

    [Fact]
    public async Task What_was_watched_is_what_is_there_afterwards()
    {
        await using var scenario = await StartAsync();
        var barrier = new BuildBarrier(engine);
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("x", barrier.Step("echo one", "echo two")));
        await using var window = await chromium.OpenAsync(scenario.Host.Url);
        await window.GoAsync($"/api/builds/{id}");
        await barrier.ReleaseAsync();
        await window.SeeAsync("#state", "succeeded");
        await Assertions.Expect(window.Page.Locator("#build")).ToHaveAttributeAsync("data-ended", "");
        var watched = await TextsAsync(window);
        await window.GoAsync($"/api/builds/{id}");

        Assert.Equal(await TextsAsync(window), watched);
    }

    [Fact]
    public async Task A_failure_says_why_while_it_is_watched()
    {
        await using var scenario = await StartAsync();
        var barrier = new BuildBarrier(engine);
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("x", barrier.Step("echo about to fail", "false")));
        await using var window = await chromium.OpenAsync(scenario.Host.Url);
        await window.GoAsync($"/api/builds/{id}");
        await barrier.ReleaseAsync();

        await window.SeeAsync("#state", "failed");
        await window.SeeAsync("#notes", "about to fail");
        await Assertions.Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Rebuild" })).ToBeVisibleAsync();
        Assert.Empty(await window.FlawsAsync());
    }

    [Fact]
    public async Task A_build_is_cancelled_and_rebuilt_by_its_buttons()
    {
        await using var scenario = await StartAsync();
        var barrier = new BuildBarrier(engine);
        var id = await scenario.OpenWithoutWaitingAsync(scenario.SlowFiles("x", barrier.Step("echo begun")));
        await using var window = await chromium.OpenAsync(scenario.Host.Url);
        await window.GoAsync($"/api/builds/{id}");
        await window.SeeAsync("#log", "begun");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await window.SeeAsync("#state", "cancelled");
        await window.SeeAsync("#log", "ended from outside");
        await barrier.ReleaseAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Rebuild" }).ClickAsync();

        await window.SeeAsync("#log", "Try 2");
        await window.SeeAsync("#state", "succeeded");
        Assert.Equal("succeeded", (await scenario.BuildAsync(id)).State);
    }

    [Fact]
    public async Task A_dead_letter_is_replayed_by_its_button()
    {
        await using var scenario = await StartAsync(OneTry);
        foreach (var _ in Enumerable.Range(0, 3))
        {
            scenario.GitHub.Faults.Enqueue(new StandInFault { Path = "/repos/sample/repository/tarball", Status = 503 });
        }

        var build = await scenario.OpenAsync(scenario.Files("x"));
        await scenario.DeadLetterAsync(letter => letter["build"]?["id"]?.ToString() == build.Id);
        await using var window = await chromium.OpenAsync(scenario.Host.Url);
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
