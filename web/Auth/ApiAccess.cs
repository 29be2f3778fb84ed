using Ci.Pipeline.Intake;

namespace Ci.Web.Auth;

/// <summary>Who asks for something, as far as a request tells.</summary>
public sealed record ApiCaller
{
    /// <summary>The address, as <see cref="RequestLimiter.SourceOf"/> names it.</summary>
    public required string Source { get; init; }

    /// <summary>The key that came with the request: header <c>x-functions-key</c>, or <c>code</c> in the query.</summary>
    public string? Key { get; init; }

    /// <summary>The ticket in the browser's cookie.</summary>
    public string? Ticket { get; init; }

    /// <summary>Whether the request changes something.</summary>
    public bool Changes { get; init; }

    /// <summary>Whether a browser says that a page of another site had it make the request.</summary>
    public bool IsFromElsewhere { get; init; }
}

/// <summary>Why somebody may not, and what to do.</summary>
/// <param name="Status">The HTTP status: 401, 403 or 429.</param>
/// <param name="Problem">The sentence.</param>
public sealed record Refusal(int Status, string Problem);

/// <summary>Decides who may come in. The right key always may: who does not have it cannot lock out who does.</summary>
public sealed class ApiAccess(ApiKeyValidator keys, RequestLimiter limiter)
{
    /// <summary>
    /// To what everybody may see who knows where it is; null when nothing is in the way. Who has the key may ask as often as they like.
    /// </summary>
    public Refusal? RefuseEntry(ApiCaller caller)
    {
        if (Knows(caller))
        {
            return null;
        }

        if (!limiter.Allows(caller.Source))
        {
            return TooManyRequests();
        }

        // Some of it shows more to who has the key, so that it would tell a guess that is right.
        return caller.Key is null || !keys.IsSet || Fails(caller) ? null : TooManyKeys();
    }

    /// <summary>To lists and actions; null when nothing is in the way.</summary>
    public Refusal? RefuseAccess(ApiCaller caller)
    {
        if (!keys.IsSet)
        {
            return new Refusal(
                403,
                "Lists and actions are closed: set Api__Key to a long random string (openssl rand -hex 32), "
                + "and send it as header x-functions-key.");
        }

        if (keys.IsKey(caller.Key))
        {
            return null;
        }

        if (caller.Key is not null)
        {
            return Fails(caller) ? new Refusal(401, "The key is wrong; setting Api__Key has the right one.") : TooManyKeys();
        }

        if (!keys.IsTicket(caller.Ticket))
        {
            return new Refusal(
                401, "This needs the key in setting Api__Key: send it as header x-functions-key, or sign in at /api/sign-in.");
        }

        // A cookie comes with every request that a browser makes, whoever had it make it.
        return caller is { Changes: true, IsFromElsewhere: true } ? FromElsewhere() : null;
    }

    /// <summary>Whether the caller may see lists and act, for pages that show more to those who may.</summary>
    public bool Knows(ApiCaller caller) => keys.IsKey(caller.Key) || keys.IsTicket(caller.Ticket);

    /// <summary>
    /// A ticket for who comes with the key, however many requests others made from the same address; else why there is none.
    /// </summary>
    public (string? Ticket, DateTimeOffset Ends, Refusal? Refusal) SignIn(ApiCaller caller)
    {
        if (caller.IsFromElsewhere)
        {
            return (null, default, FromElsewhere());
        }

        if (keys.IsKey(caller.Key))
        {
            var (ticket, ends) = keys.NewTicket();
            return (ticket, ends, null);
        }

        var refusal = !limiter.Allows(caller.Source) ? TooManyRequests()
            : Fails(caller) ? new Refusal(401, "That is not the key.")
            : TooManyKeys();
        return (null, default, refusal);
    }

    private static Refusal FromElsewhere() => new(403, "Another site's page asked for this, so it was not done.");

    private static Refusal TooManyRequests() => new(429, "Too many requests from your address; wait a minute.");

    private static Refusal TooManyKeys() => new(429, "Too many wrong keys from your address; wait a minute.");

    /// <summary>Counts a wrong key; false when its address has come with too many.</summary>
    private bool Fails(ApiCaller caller)
    {
        var mayFail = limiter.CanAttempt(caller.Source);
        limiter.Failed(caller.Source);
        return mayFail;
    }
}
