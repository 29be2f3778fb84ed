using System.Net;

namespace Ci.Pipeline.GitHub;

/// <summary>GitHub did not do what it was asked; the message is for people, with what to do about it.</summary>
public abstract class GitHubException(string message, HttpStatusCode? status, Exception? inner) : Exception(message, inner)
{
    /// <summary>What GitHub answered; null when it did not answer.</summary>
    public HttpStatusCode? Status { get; } = status;
}

/// <summary>GitHub is away, in trouble, or asks for time: what a later try can cure.</summary>
public sealed class GitHubUnavailableException(
    string message, HttpStatusCode? status = null, TimeSpan? retryAfter = null, Exception? inner = null)
    : GitHubException(message, status, inner)
{
    /// <summary>How long GitHub asks to be left alone, from now on; null when it does not ask for that.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}

/// <summary>GitHub will not do it, however often it is asked.</summary>
public sealed class GitHubRefusedException(string message, HttpStatusCode status, string? permission = null)
    : GitHubException(message, status, null)
{
    /// <summary>The permission that this host needs for it, as GitHub's pages name it, when that may be what is missing.</summary>
    public string? Permission { get; } = permission;

    /// <summary>Whether it is not there, or is not shown to this host.</summary>
    public bool IsNotFound => Status is HttpStatusCode.NotFound or HttpStatusCode.Gone;
}
