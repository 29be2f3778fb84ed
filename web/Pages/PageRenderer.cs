using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging;

namespace Ci.Web.Pages;

/// <summary>The templates' own markup comes as it is; all that they are given is escaped.</summary>
public sealed partial class PageRenderer(IServiceProvider services, ILoggerFactory loggers)
{
    public async Task<string> RenderAsync(Type component, IDictionary<string, object?> parameters)
    {
        await using var renderer = new HtmlRenderer(services, loggers);
        var html = await renderer.Dispatcher.InvokeAsync(async () =>
            (await renderer.RenderComponentAsync(component, ParameterView.FromDictionary(parameters))).ToHtmlString());
        return Forbidden().Replace(html, "");
    }

    // Control characters that HTML does not have would be errors of the page, whoever wrote them; escaped, they are still.
    // Nobody's text looks like this, for its & is escaped.
    [GeneratedRegex("&#x(?:[0-8BCDEF]|1[0-9A-F]|7F|[89][0-9A-F]);")]
    private static partial Regex Forbidden();
}
