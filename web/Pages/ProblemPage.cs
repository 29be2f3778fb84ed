namespace Ci.Web.Pages;

/// <summary>Something that is not there, or cannot be done.</summary>
internal static class ProblemPage
{
    public static Page Render(int status, string sentence, string back) => new(
        Layout.Page(sentence, "", Markup.Of($"""
            <div class="empty"><h1>{(status == 404 ? "Not found" : status == 409 ? "Not done" : "Not understood")}</h1><p>{sentence}</p><p><a class="button" href="{back}">{(back == Paths.Builds ? "All builds" : "Back")}</a></p></div>
            """)),
        status);
}
