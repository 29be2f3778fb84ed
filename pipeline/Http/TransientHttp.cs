using System.Net;

namespace Ci.Pipeline.Http;

/// <summary>Whether a request came to no answer, or to one that another try may better.</summary>
public static class TransientHttp
{
    /// <summary>
    /// The server is away or slow, or what it said is no HTTP. A redirect to what is no address comes out of
    /// <see cref="HttpClient"/> as whatever the address' parts make of it.
    /// </summary>
    public static bool IsNoAnswer(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException
            or FormatException or ArgumentException or InvalidOperationException or NotSupportedException
        || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    public static bool IsTransient(HttpStatusCode status) =>
        status is >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;
}
