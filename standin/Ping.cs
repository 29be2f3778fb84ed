using System.Text.Json.Nodes;

namespace Ci.StandIn;

/// <summary>The delivery that tells that a repository's webhook is set up.</summary>
public static class Ping
{
    private static readonly DateTimeOffset Created = new(2019, 5, 15, 15, 20, 49, TimeSpan.Zero);

    public static JsonObject Payload(string repository, Uri webhook) => new()
    {
        ["zen"] = "Anything added dilutes everything else.",
        ["hook_id"] = 1,
        ["hook"] = new JsonObject
        {
            ["type"] = "Repository",
            ["id"] = 1,
            ["name"] = "web",
            ["active"] = true,
            ["events"] = new JsonArray("pull_request"),
            ["config"] = new JsonObject { ["content_type"] = "json", ["insecure_ssl"] = "0", ["url"] = webhook.AbsoluteUri },
            ["updated_at"] = Repositories.Time(Created),
            ["created_at"] = Repositories.Time(Created),
            ["url"] = $"{Repositories.ApiUrl(repository)}/hooks/1",
            ["test_url"] = $"{Repositories.ApiUrl(repository)}/hooks/1/test",
            ["ping_url"] = $"{Repositories.ApiUrl(repository)}/hooks/1/pings",
            ["deliveries_url"] = $"{Repositories.ApiUrl(repository)}/hooks/1/deliveries",
            ["last_response"] = new JsonObject { ["code"] = null, ["status"] = "unused", ["message"] = null },
        },
        ["repository"] = Repositories.Part(repository),
        ["sender"] = Accounts.User(repository.Split('/')[0]),
    };
}
