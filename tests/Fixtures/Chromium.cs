using Microsoft.Playwright;

namespace Ci.Tests.Fixtures;

/// <summary>The machine's own Chromium, driven by Playwright, which brings no browser and fetches none.</summary>
public sealed class Chromium : LazyPart
{
    private static readonly string[] Names = ["chromium", "google-chrome-stable", "google-chrome", "chromium-browser"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>A window of its own, with a memory of its own.</summary>
    public async Task<BrowserSession> OpenAsync(Uri host, BrowserNewContextOptions? options = null)
    {
        await StartAsync();
        return await BrowserSession.OpenAsync(_browser!, host, options ?? new BrowserNewContextOptions());
    }

    protected override async Task StartPartAsync()
    {
        if (Names.Select(TestEnvironment.Find).OfType<string>().FirstOrDefault() is not { } program)
        {
            TestEnvironment.SkipOrFail("Chromium is not installed: apt-get install chromium (test.sh does, as root on Debian).");
            return;
        }

        // Seconds unless said otherwise, for expectations as for all else.
        var limit = (float)TestEnvironment.Limit.TotalMilliseconds;
        Assertions.SetDefaultExpectTimeout(limit);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = program,
            Timeout = limit,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        });
    }

    protected override async ValueTask StopPartAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}
