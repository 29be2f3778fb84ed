using System.Net;

namespace Ci.Pipeline.GitHub;

/// <summary>The message is for people, with what to do about it.</summary>
public abstract class GitHubException(string message, HttpStatusCode? status, Exception? inner) : Exception(message, inner)
{
    /// <summary>Null when GitHub did not answer.</summary>
    public HttpStatusCode? Status { get; } = status;
}

/// <summary>A later try can cure it: GitHub is away, in trouble, or asks for time.</summary>
public sealed class GitHubUnavailableException(
    string message, HttpStatusCode? status = null, TimeSpan? retryAfter = null, Exception? inner = null)
    : GitHubException(message, status, inner)
{
    /// <summary>From now on; null when GitHub does not ask to be left alone.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

internal sealed class GitHubRefusedException(string message, HttpStatusCode status, string? permission = null)
    : GitHubException(message, status, null)
{
    /// <summary>As GitHub's pages name it; null when it is not what is missing.</summary>
    public string? Permission { get; } = permission;

    /// <summary>GitHub also says so of what it does not show to this host.</summary>
    public bool IsNotFound => Status is HttpStatusCode.NotFound or HttpStatusCode.Gone;
}
