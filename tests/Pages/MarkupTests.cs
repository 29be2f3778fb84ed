using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using Ci.Web.Pages;
using Ci.Web.Pages.Regions;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ci.Tests.Pages;

/// <summary>Nothing that came from outside becomes markup.</summary>
public sealed class MarkupTests
{
    private const string Hostile = "</title><script>alert(1)</script>\"' onload=x <img src=x onerror=alert(2)>&amp;\u202E\u0000\u001b";

    [Fact]
    public void Text_is_escaped_and_markup_is_not()
    {
        var inner = Markup.Of($"<b>{"<i>"}</b>");

        Assert.Equal(
            "<p title=\"&quot;&#39;&lt;&amp;\"><b>&lt;i&gt;</b>7</p>", Markup.Of($"<p title=\"{"\"'<&"}\">{inner}{7}</p>").ToString());
    }

    [Fact]
    public void No_text_whatever_ends_an_attribute_or_begins_a_tag() => Gen.String.Sample(text =>
    {
        var html = Markup.Of($"{text}").ToString();
        return html.IndexOfAny(['<', '>', '"', '\'']) < 0 && html.All(c => !char.IsControl(c) || c is '\t' or '\n');
    });

    [Fact]
    public Task A_page_keeps_any_text_as_text_too() => Gen.String.SampleAsync(async text =>
    {
        var html = await RenderAsync<ProblemPage>(("Status", 404), ("Sentence", text), ("Back", text));
        var empty = await RenderAsync<ProblemPage>(("Status", 404), ("Sentence", ""), ("Back", ""));

        Assert.Equal(empty.Count(c => c is '<' or '>' or '"'), html.Count(c => c is '<' or '>' or '"'));
        Assert.DoesNotContain(System.Net.WebUtility.HtmlDecode(html), c => char.IsControl(c) && c is not ('\t' or '\n'));
    });

    [Fact]
    public async Task A_hostile_pull_request_is_shown_as_it_is_written()
    {
        var build = Samples.Pushed(Samples.Queued(7, Hostile));
        build = build with
        {
            Request = build.Request with { Url = "javascript:alert(3)", Author = Hostile, HeadRef = Hostile, BaseRef = Hostile },
            Summary = Hostile,
            Warnings = [Hostile],
            LogTail = [Hostile],
            Stages = [new BuildStage(StageKind.Build, Hostile, Samples.Now)],
            Images = [build.Images[0] with { Name = Hostile, Tags = [Hostile], Reference = Hostile, Digest = Hostile }],
        };
        var list = new BuildListPart([build], Hostile);
        string[] pages =
        [
            await RenderAsync<BuildPage>(
                ("Build", build),
                ("Estimate", null),
                ("Log", new LogView()),
                ("Sections", Array.Empty<LogSection>()),
                ("ShowAll", false),
                ("IsOver", true)),
            await RenderAsync<BuildsPage>(
                ("Filter", new BuildFilter { Repository = Hostile }), ("Part", list), ("Repositories", new[] { Hostile })),
            await RenderAsync<RepositoryPage>(("Repository", Hostile), ("Builds", list.Builds)),
            await RenderAsync<ProblemPage>(("Status", 404), ("Sentence", Hostile), ("Back", Hostile)),
            .. await Task.WhenAll(BuildRegion.All.Select(region => RenderAsync(region.Component, ("Build", build)))),
        ];

        Assert.All(pages, html =>
        {
            Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
            Assert.DoesNotContain("href=\"javascript:", html, StringComparison.Ordinal);
            Assert.DoesNotContain("' onload", html, StringComparison.Ordinal);
        });
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", pages[0], StringComparison.Ordinal);
    }

    private static Task<string> RenderAsync<TPage>(params (string Name, object? Value)[] parameters) =>
        RenderAsync(typeof(TPage), parameters);

    private static async Task<string> RenderAsync(Type page, params (string Name, object? Value)[] parameters)
    {
        await using var services = new ServiceCollection().AddSingleton(TimeProvider.System).BuildServiceProvider();
        return await new PageRenderer(services, NullLoggerFactory.Instance).RenderAsync(page, parameters.ToDictionary());
    }

    [Theory]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true)]
    [InlineData("*/*", false)]
    [InlineData(null, false)]
    [InlineData("application/json", false)]
    [InlineData("application/json, text/html", false)]
    [InlineData("text/html, application/json", true)]
    [InlineData("text/html;q=0.5, application/json", false)]
    [InlineData("text/html;q=0", false)]
    [InlineData("TEXT/HTML; q=0.9, application/*;q=0.1", true)]
    [InlineData("text/html;q=nonsense", false)]
    public void Browsers_get_pages_and_programs_get_json(string? accept, bool html) => Assert.Equal(html, Negotiation.PrefersHtml(accept));
}
