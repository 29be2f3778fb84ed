namespace Ci.Web.Pages;

/// <summary>Where a browser gets its ticket.</summary>
public static class SignInPage
{
    /// <summary>The page; <paramref name="problem"/> says why the last try did not succeed.</summary>
    public static Page Render(string? problem = null, int status = 200) => new(
        Layout.Page("Sign in", "", Markup.Of($"""
            <div class="head"><h1>Sign in</h1></div>
            <form class="card sign-in" method="post" action="/api/sign-in">
            {(problem is null ? Markup.None : Markup.Of($"<p role=\"alert\" class=\"problem\">{problem}</p>"))}
            <p><label for="key">Key</label><input id="key" name="key" type="password" autocomplete="current-password" required autofocus aria-describedby="what"></p>
            <p id="what" class="muted">It is the value of the setting Api__Key.</p>
            <p><button type="submit">Sign in</button></p>
            </form>
            """)),
        status);
}
