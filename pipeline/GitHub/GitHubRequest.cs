using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ci.Pipeline.GitHub;

/// <summary>A request to GitHub's REST API.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Repository">The repository that it is about, <c>owner/name</c>; null when it is about none.</param>
/// <param name="Path">The address, below that of the repository if there is one.</param>
/// <param name="Purpose">What GitHub is asked to do, as a sentence about its answer ends: <c>list the webhooks of octo/app</c>.</param>
/// <param name="Permission">The permission that it needs, as GitHub's pages name it.</param>
public sealed record GitHubRequest(HttpMethod Method, string? Repository, string Path, string Purpose, string Permission = "Metadata: read")
{
    /// <summary>Makes what is sent along, anew for each try.</summary>
    public Func<HttpContent>? Content { get; init; }

    /// <summary>The media type of the answer, where it is not GitHub's JSON.</summary>
    public string? Accept { get; init; }

    /// <summary>Whether the answer is read while it comes in, instead of from memory.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>What proves who asks, instead of the token.</summary>
    internal string? Proof { get; init; }

    public string Address => Repository is null ? Path : $"repos/{Repository}/{Path}";

    public GitHubRequest With<T>(T body, JsonTypeInfo<T> type) => this with { Content = () => JsonContent.Create(body, type) };

    public override string ToString() => $"{Method} {Address}";

    internal HttpRequestMessage ToMessage(Uri address, string? token)
    {
        var message = new HttpRequestMessage(Method, address) { Content = Content?.Invoke() };
        message.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        if (Accept is not null)
        {
            message.Headers.Accept.ParseAdd(Accept);
        }

        return message;
    }
}
