using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace Ci.Tests.Fixtures;

/// <summary>A browser window on a host, signed in. Whatever the console says, a breach of the content security policy among it,
/// and whatever is asked of another host, is kept and fails the test at its end.</summary>
public sealed class BrowserSession : IAsyncDisposable
{
    private static readonly string Axe = Path.Combine(TestEnvironment.Root, "scripts", "node_modules", "axe-core", "axe.min.js");

    private readonly IBrowserContext _context;
    private readonly List<string> _complaints = [];

    private BrowserSession(IBrowserContext context, IPage page, Uri host)
    {
        _context = context;
        Page = page;
        Host = host;
    }

    public IPage Page { get; }

    public Uri Host { get; }

    internal static async Task<BrowserSession> OpenAsync(IBrowser browser, Uri host, BrowserNewContextOptions options)
    {
        options.BaseURL = host.ToString();
        options.Permissions = ["clipboard-read", "clipboard-write"];
        var context = await browser.NewContextAsync(options);
        await SignInAsync(context, host);
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout((float)TestEnvironment.Limit.TotalMilliseconds);
        var window = new BrowserSession(context, page, host);
        page.Console += (_, message) => window.Listen(message);
        page.PageError += (_, error) => window._complaints.Add("error: " + error);
        page.Request += (_, request) => window.Look(request);
        return window;
    }

    public Task GoAsync(string path) => Page.GotoAsync(path);

    /// <summary>Waits until the window is at an address with this end. Playwright's own wait for a navigation misses one that
    /// happens while it begins to wait; this looks again and again.</summary>
    public async Task ArriveAsync(string end)
    {
        await Assertions.Expect(Page).ToHaveURLAsync(new Regex(Regex.Escape(end) + "$"));
        await Page.WaitForLoadStateAsync();
    }

    /// <summary>What an element says, once it says something that contains these words.</summary>
    public Task SeeAsync(string selector, string words) =>
        Assertions.Expect(Page.Locator(selector).First).ToContainTextAsync(words);

    /// <summary>What axe-core finds wrong with the page for people who cannot see it, or see little of it.</summary>
    public async Task<string[]> FlawsAsync()
    {
        Assert.True(File.Exists(Axe), "axe-core is not installed: run npm ci in scripts/ (test.sh does).");
        if (!await Page.EvaluateAsync<bool>("() => 'axe' in window"))
        {
            await Page.EvaluateAsync(await File.ReadAllTextAsync(Axe));
        }

        return await Page.EvaluateAsync<string[]>(
            "async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.flatMap(v => v.nodes.map(n => "
            + "`${v.id}: ${n.target} ${n.failureSummary}`))");
    }

    /// <summary>Keeps a picture where setting PAGE_PICTURES names a folder; people look at them, tests do not.</summary>
    public async Task PictureAsync(string name, bool full = true)
    {
        if (Environment.GetEnvironmentVariable("PAGE_PICTURES") is { Length: > 0 } folder)
        {
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, name + ".png"), FullPage = full });
        }
    }

    /// <summary>A complaint that is part of the scenario is no flaw.</summary>
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

    /// <summary>What the sign-in page's form does: the cookie that comes back is the browser's.</summary>
    private static async Task SignInAsync(IBrowserContext context, Uri host)
    {
        using var http = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("key", EndToEnd.CiScenario.Key)]);
        using var answer = await http.PostAsync(new Uri(host, "api/sign-in"), form);
        var cookie = answer.Headers.GetValues("Set-Cookie").Single().Split(';')[0].Split('=', 2);
        await context.AddCookiesAsync([new Cookie
        {
            Name = cookie[0],
            Value = cookie[1],
            Domain = host.Host,
            Path = "/api",
            HttpOnly = true,
            SameSite = SameSiteAttribute.Strict,
        }]);
    }
}
