using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;

namespace Ci.Pipeline.GitHub;

/// <summary><c>Purpose</c> ends a sentence about the answer, as in <c>list the webhooks of octo/app</c>.</summary>
public sealed record GitHubRequest(HttpMethod Method, string? Repository, string Path, string Purpose, string Permission = "Metadata: read")
{
    /// <summary>Made anew for each try.</summary>
    public Func<HttpContent>? Content { get; init; }

    public string? Accept { get; init; }

    public bool IsStreamed { get; init; }

    /// <summary>Goes along instead of the token.</summary>
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
