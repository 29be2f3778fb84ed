using System.Text.Json.Nodes;

namespace Ci.StandIn;

/// <summary>People as GitHub shows them.</summary>
internal static class Accounts
{
    /// <summary>Who writes statuses and comments: the account that the token is of.</summary>
    public const string TokenOwner = "sample-ci";

    public const string AvatarUrl = "https://avatars.githubusercontent.com/u/2?v=4";

    public static JsonObject User(string login)
    {
        var api = $"https://api.github.com/users/{login}";
        return new JsonObject
        {
            ["login"] = login,
            ["id"] = 21031067,
            ["node_id"] = "MDQ6VXNlcjIxMDMxMDY3",
            ["avatar_url"] = AvatarUrl,
            ["gravatar_id"] = "",
            ["url"] = api,
            ["html_url"] = $"https://github.com/{login}",
            ["followers_url"] = $"{api}/followers",
            ["following_url"] = $"{api}/following{{/other_user}}",
            ["gists_url"] = $"{api}/gists{{/gist_id}}",
            ["starred_url"] = $"{api}/starred{{/owner}}{{/repo}}",
            ["subscriptions_url"] = $"{api}/subscriptions",
            ["organizations_url"] = $"{api}/orgs",
            ["repos_url"] = $"{api}/repos",
            ["events_url"] = $"{api}/events{{/privacy}}",
            ["received_events_url"] = $"{api}/received_events",
            ["type"] = "User",
            ["site_admin"] = false,
        };
    }
}
