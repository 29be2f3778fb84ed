using System.Globalization;
using System.Text.Json.Nodes;

namespace Ci.StandIn;

/// <summary>Repositories as GitHub shows them: less in a combined status, more in a payload, most at their own address.</summary>
internal static class Repositories
{
    private static readonly DateTimeOffset Created = new(2019, 5, 15, 15, 19, 25, TimeSpan.Zero);

    // What follows a repository's own address in the links that every form of it has (the URI templates of RFC 6570 included).
    private static readonly (string Name, string Path)[] Links =
    [
        ("forks_url", "/forks"), ("keys_url", "/keys{/key_id}"), ("collaborators_url", "/collaborators{/collaborator}"),
        ("teams_url", "/teams"), ("hooks_url", "/hooks"), ("issue_events_url", "/issues/events{/number}"), ("events_url", "/events"),
        ("assignees_url", "/assignees{/user}"), ("branches_url", "/branches{/branch}"), ("tags_url", "/tags"),
        ("blobs_url", "/git/blobs{/sha}"), ("git_tags_url", "/git/tags{/sha}"), ("git_refs_url", "/git/refs{/sha}"),
        ("trees_url", "/git/trees{/sha}"), ("statuses_url", "/statuses/{sha}"), ("languages_url", "/languages"),
        ("stargazers_url", "/stargazers"), ("contributors_url", "/contributors"), ("subscribers_url", "/subscribers"),
        ("subscription_url", "/subscription"), ("commits_url", "/commits{/sha}"), ("git_commits_url", "/git/commits{/sha}"),
        ("comments_url", "/comments{/number}"), ("issue_comment_url", "/issues/comments{/number}"), ("contents_url", "/contents/{+path}"),
        ("compare_url", "/compare/{base}...{head}"), ("merges_url", "/merges"), ("archive_url", "/{archive_format}{/ref}"),
        ("downloads_url", "/downloads"), ("issues_url", "/issues{/number}"), ("pulls_url", "/pulls{/number}"),
        ("milestones_url", "/milestones{/number}"), ("notifications_url", "/notifications{?since,all,participating}"),
        ("labels_url", "/labels{/name}"), ("releases_url", "/releases{/id}"), ("deployments_url", "/deployments"),
    ];

    public static string ApiUrl(string repository) => $"https://api.github.com/repos/{repository}";

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>The description's <c>minimal-repository</c>.</summary>
    public static JsonObject Minimal(string repository)
    {
        var shown = new JsonObject
        {
            ["id"] = 186853002L + (uint)StringComparer.OrdinalIgnoreCase.GetHashCode(repository) % 1_000_000,
            ["node_id"] = "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=",
            ["name"] = repository.Split('/')[1],
            ["full_name"] = repository,
            ["private"] = false,
            ["owner"] = Accounts.User(repository.Split('/')[0]),
            ["html_url"] = $"https://github.com/{repository}",
            ["description"] = null,
            ["fork"] = false,
            ["url"] = ApiUrl(repository),
        };
        foreach (var (name, path) in Links)
        {
            shown[name] = ApiUrl(repository) + path;
        }

        return shown;
    }

    /// <summary>As it is part of payloads and pull requests: the description's <c>repository</c>.</summary>
    public static JsonObject Part(string repository, long kilobytes = 0)
    {
        var shown = Minimal(repository);
        foreach (var name in (string[])["created_at", "updated_at", "pushed_at"])
        {
            shown[name] = Time(Created);
        }

        shown["git_url"] = $"git://github.com/{repository}.git";
        shown["ssh_url"] = $"git@github.com:{repository}.git";
        shown["clone_url"] = $"https://github.com/{repository}.git";
        shown["svn_url"] = $"https://github.com/{repository}";
        shown["default_branch"] = "main";
        foreach (var name in (string[])["homepage", "language", "mirror_url", "license"])
        {
            shown[name] = null;
        }

        shown["size"] = kilobytes;
        foreach (var name in (string[])["stargazers_count", "watchers_count", "forks_count", "open_issues_count",
            "forks", "open_issues", "watchers"])
        {
            shown[name] = 0;
        }

        foreach (var name in (string[])["has_issues", "has_projects", "has_downloads", "has_wiki", "has_pages"])
        {
            shown[name] = true;
        }

        foreach (var name in (string[])["archived", "disabled", "is_template", "web_commit_signoff_required"])
        {
            shown[name] = false;
        }

        shown["visibility"] = "public";
        shown["topics"] = new JsonArray();
        shown["custom_properties"] = new JsonObject();
        return shown;
    }

    /// <summary>At its own address: the description's <c>full-repository</c>.</summary>
    public static JsonObject Full(string repository, long kilobytes)
    {
        var shown = Part(repository, kilobytes);
        shown["has_discussions"] = false;
        shown["network_count"] = 0;
        shown["subscribers_count"] = 0;
        return shown;
    }
}
