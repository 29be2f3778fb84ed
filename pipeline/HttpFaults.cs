namespace Ci.Pipeline;

/// <summary>Whether a request came to no answer.</summary>
internal static class HttpFaults
{
    /// <summary>
    /// The server is away or slow, or what it said is no HTTP. A redirect to what is no address comes out of
    /// <see cref="HttpClient"/> as whatever the address' parts make of it.
    /// </summary>
    public static bool IsNoAnswer(Exception e, CancellationToken cancellation) =>
        e is HttpRequestException or IOException or FormatException or ArgumentException or InvalidOperationException or NotSupportedException
        || (e is OperationCanceledException && !cancellation.IsCancellationRequested);
}
