using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using System.Globalization;
using Ci.Tests.Fixtures;
using Microsoft.Playwright;

namespace Ci.Tests.Pages;

/// <summary>Pages as a browser shows them.</summary>
public sealed class BrowserTests(PagesHost host, Chromium chromium) : IClassFixture<PagesHost>
{
    private static readonly Lock ApiAccess = new();
    private static Task<Dictionary<string, string>>? s_shown;

    private static readonly (ColorScheme Scheme, int Width)[] Looks =
        [(ColorScheme.Light, 1200), (ColorScheme.Dark, 1200), (ColorScheme.Light, 390)];

    [Theory]
    [InlineData("list")]
    [InlineData("list-none")]
    [InlineData("running")]
    [InlineData("queued")]
    [InlineData("succeeded")]
    [InlineData("failed")]
    [InlineData("superseded")]
    [InlineData("repository")]
    [InlineData("dead-letters")]
    [InlineData("missing")]
    [InlineData("waiting")]
    [InlineData("deliveries")]
    [InlineData("sign-in")]
    [InlineData("health")]
    public async Task Every_page_is_for_everybody_in_either_scheme_and_on_a_phone(string page)
    {
        await using var window = await OpenAsync();
        await window.GoAsync((await ShownAsync())[page]);
        window.Forgive("404");
        // Of this host's parts some are not there.
        window.Forgive("503");

        foreach (var (scheme, width) in Looks)
        {
            var look = $"{page}-{scheme}-{width.ToString(CultureInfo.InvariantCulture)}";
            await window.Page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await window.Page.SetViewportSizeAsync(width, 900);

            var wide = await window.Page.EvaluateAsync<int>(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
            var flaws = await window.FlawsAsync();
            await window.PictureAsync(look);

            Assert.Equal((look, 0, ""), (look, wide, string.Join('\n', flaws)));
        }
    }

    [Fact]
    public async Task Both_colour_schemes_are_schemes_of_their_own()
    {
        async Task<string> Ground(ColorScheme scheme)
        {
            await using var window = await OpenAsync(new() { ColorScheme = scheme });
            await window.GoAsync("/api/builds");
            return await window.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
        }

        Assert.Equal(("rgb(246, 246, 244)", "rgb(15, 18, 21)"), (await Ground(ColorScheme.Light), await Ground(ColorScheme.Dark)));
    }

    [Fact]
    public async Task The_keyboard_alone_finds_a_build_and_a_line_of_its_log()
    {
        var shown = await ShownAsync();
        await using var window = await OpenAsync();
        await window.GoAsync("/api/builds?repository=octo%2Fshop&state=failed");
        var keys = window.Page.Keyboard;

        await keys.PressAsync("Tab");
        Assert.Equal("Skip to content", await FocusAsync(window));
        await keys.PressAsync("Enter");
        await Assertions.Expect(window.Page.Locator("#content")).ToBeFocusedAsync();
        await UntilFocusAsync(window, "Pay by invoice");
        await keys.PressAsync("Enter");
        await window.ArriveAsync(shown["failed"]);
        await UntilFocusAsync(window, "Fold all");
        await keys.PressAsync("Enter");
        Assert.Equal("Unfold all", await FocusAsync(window));
        await keys.PressAsync("Enter");
        await UntilFocusAsync(window, "4");
        await keys.PressAsync("ArrowDown");
        await keys.PressAsync("Enter");

        await window.ArriveAsync("#L5");
        Assert.Equal("L5", await window.Page.EvaluateAsync<string>("() => document.querySelector('.chosen').id"));
        Assert.NotEqual("none", await window.Page.EvaluateAsync<string>("() => getComputedStyle(document.activeElement).outlineStyle"));
    }

    [Fact]
    public async Task A_link_to_a_line_opens_its_step_and_shows_it_in_a_long_log_too()
    {
        var text = string.Concat(Enumerable.Range(1, 6000).Select(n => n % 1000 == 1
            ? new LogRecord { Time = 0.1, Step = new BuildStep { Number = 1 + (n / 1000), Total = 6, Instruction = "RUN x" } }.ToJson()
            : Samples.Line(0.1, $"line {n}")));
        var build = await host.Samples.AddAsync(Samples.Pushed(Samples.Queued(77, "A long log", "octo/long")), text);
        await using var window = await OpenAsync();
        await window.GoAsync($"/api/builds/{build.Id}#L12");
        await window.ArriveAsync("?log=all#L12");

        await Assertions.Expect(window.Page.Locator("#L12")).ToBeInViewportAsync();
        await Assertions.Expect(window.Page.Locator("#S1")).ToHaveAttributeAsync("open", "");
        await Assertions.Expect(window.Page.Locator("#S2")).Not.ToHaveAttributeAsync("open", "");
    }

    [Fact]
    public async Task The_pull_command_is_copied()
    {
        await using var window = await OpenAsync();
        await window.GoAsync((await ShownAsync())["succeeded"]);
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Copy", Exact = true }).ClickAsync();

        await window.SeeAsync("#announce", "Copied");
        Assert.Equal("docker pull localhost:83/shop:pr-7", await window.Page.EvaluateAsync<string>("() => navigator.clipboard.readText()"));
    }

    [Fact]
    public async Task Without_javascript_lists_are_filtered_and_builds_are_cancelled()
    {
        var build = await host.Samples.AddAsync(Samples.Queued(91, "To be stopped", "octo/plain"));
        await using var window = await OpenAsync(new() { JavaScriptEnabled = false });
        await window.GoAsync("/api/builds");
        await window.Page.GetByLabel("Repository").FillAsync("octo/plain");
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "To be stopped" }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Refresh" }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();

        await window.SeeAsync("#state", "Cancelled by hand");
        Assert.Equal(new Uri(host.Url, $"/api/builds/{build.Id}").ToString(), window.Page.Url);
    }

    [Fact]
    public async Task The_list_goes_on_to_older_builds_and_shows_new_ones_by_itself()
    {
        foreach (var pull in Enumerable.Range(1, 55))
        {
            await host.Samples.AddAsync(Samples.Pushed(Samples.Queued(pull, $"Number {pull}", "octo/many", minutesAgo: pull)));
        }

        await using var window = await OpenAsync();
        await window.GoAsync("/api/builds?repository=octo/many");
        await host.Samples.AddAsync(Samples.Queued(100, "Brand new", "octo/many", minutesAgo: 0));
        await window.SeeAsync(".builds li", "Brand new");
        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Older" }).ClickAsync();

        await window.SeeAsync(".builds", "Number 55");
        Assert.Contains("before=", window.Page.Url, StringComparison.Ordinal);
    }

    private Task<BrowserSession> OpenAsync(BrowserNewContextOptions? options = null) => chromium.OpenAsync(host.Url, options);

    private static Task<string> FocusAsync(BrowserSession window) =>
        window.Page.EvaluateAsync<string>("() => document.activeElement.textContent.trim()");

    private static async Task UntilFocusAsync(BrowserSession window, string text)
    {
        for (var presses = 0; await FocusAsync(window) != text; presses++)
        {
            Assert.True(presses < 60, $"The tab key never came to '{text}'.");
            await window.Page.Keyboard.PressAsync("Tab");
        }
    }

    private Task<Dictionary<string, string>> ShownAsync()
    {
        lock (ApiAccess)
        {
            return s_shown ??= SampleData.AddAsync(host.Samples, host.Storage);
        }
    }
}
