using Ci.Pipeline.Intake;

namespace Ci.Web.Auth;

public sealed record ApiCaller
{
    /// <summary>As <see cref="RequestLimiter.SourceOf"/> names it.</summary>
    public required string Source { get; init; }

    /// <summary>Header <c>x-functions-key</c>, or <c>code</c> in the query.</summary>
    public string? Key { get; init; }

    public string? Ticket { get; init; }

    public bool Changes { get; init; }

    /// <summary>Whether a browser says that a page of another site had it make the request.</summary>
    public bool IsFromElsewhere { get; init; }
}

/// <summary><c>Status</c> is 401, 403 or 429.</summary>
public sealed record Refusal(int Status, string Problem);

/// <summary>The right key always may: who does not have it cannot lock out who does.</summary>
public sealed class ApiAccess(ApiKeyValidator keys, RequestLimiter limiter)
{
    /// <summary>Null when nothing is in the way. Who has the key may ask as often as they like.</summary>
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

    public bool Knows(ApiCaller caller) => keys.IsKey(caller.Key) || keys.IsTicket(caller.Ticket);

    /// <summary>Who has the key gets a ticket, however many requests others made from the same address.</summary>
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

    /// <summary>False when the address has come with too many wrong keys.</summary>
    private bool Fails(ApiCaller caller)
    {
        var mayFail = limiter.CanAttempt(caller.Source);
        limiter.Failed(caller.Source);
        return mayFail;
    }
}
