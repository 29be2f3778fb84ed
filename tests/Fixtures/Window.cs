using Microsoft.Playwright;

namespace Ci.Tests.Fixtures;

/// <summary>
/// A browser window on a host. Its documents come with the strictest policy that they must do with; whatever the console
/// says, and whatever is asked of another host, is kept and fails the test at its end.
/// </summary>
public sealed class Window : IAsyncDisposable
{
    private const string Policy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

    private static readonly string Axe = Path.Combine(Parts.Root, "tools", "node_modules", "axe-core", "axe.min.js");

    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    private Window(IBrowserContext context, IPage page, Uri host)
    {
        _context = context;
        Page = page;
        Host = host;
    }

    public IPage Page { get; }

    public Uri Host { get; }

    internal static async Task<Window> OpenAsync(IBrowser browser, Uri host, BrowserNewContextOptions options)
    {
        options.BaseURL = host.ToString();
        options.Permissions = ["clipboard-read", "clipboard-write"];
        var context = await browser.NewContextAsync(options);
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(30_000);
        var window = new Window(context, page, host);
        page.Console += (_, message) => window.Listen(message);
        page.PageError += (_, error) => window._complaints.Add("error: " + error);
        page.Request += (_, request) => window.Look(request);
        await page.RouteAsync("**/*", AddPolicyAsync);
        return window;
    }

    public Task GoAsync(string path) => Page.GotoAsync(path);

    /// <summary>What an element says, once it says something that contains these words.</summary>
    public Task SeeAsync(string selector, string words) =>
        Assertions.Expect(Page.Locator(selector).First).ToContainTextAsync(words, new() { Timeout = 60_000 });

    /// <summary>What axe-core finds wrong with the page for people who cannot see it, or see little of it.</summary>
    public async Task<string[]> FlawsAsync()
    {
        Assert.True(File.Exists(Axe), "axe-core is not installed: run npm ci in tools/ (test.sh does).");
        await Page.EvaluateAsync(await File.ReadAllTextAsync(Axe));
        return await Page.EvaluateAsync<string[]>(
            "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.flatMap(v => v.nodes.map(n => `${v.id}: ${n.target} ${n.failureSummary}`))");
    }

    /// <summary>Keeps a picture where setting PAGE_PICTURES names a folder; people look at them, tests do not.</summary>
    public async Task PictureAsync(string name, bool full = true)
    {
        if (Environment.GetEnvironmentVariable("PAGE_PICTURES") is { Length: > 0 } folder)
        {
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = full });
        }
    }

    /// <summary>A complaint that is part of the story is no flaw.</summary>
    public void Forgive(string words) => _complaints.RemoveAll(complaint => complaint.Contains(words, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        Assert.Empty(_complaints);
    }

    private void Listen(IConsoleMessage message)
    {
        if (message.Type is "error" or "warning")
        {
            _complaints.Add($"{message.Type}: {message.Text} at {message.Location}");
        }
    }

    private void Look(IRequest request)
    {
        var url = new Uri(request.Url);
        if (url.Scheme is not ("data" or "blob" or "about") && url.Authority != Host.Authority)
        {
            _complaints.Add("asked another host: " + request.Url);
        }
    }

    private static async Task AddPolicyAsync(IRoute route)
    {
        if (route.Request.ResourceType != "document" || route.Request.Method != "GET")
        {
            await route.ContinueAsync();
            return;
        }

        var answer = await route.FetchAsync(new RouteFetchOptions { MaxRedirects = 0 });
        var headers = new Dictionary<string, string>(answer.Headers) { ["content-security-policy"] = Policy };
        await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Headers = headers });
    }
}
