using System.Net;

namespace Ci.Pipeline.Http;

public static class TransientHttp
{
    /// <summary>A redirect to what is no address comes out of <see cref="HttpClient"/> as whatever the address' parts make of it.</summary>
    public static bool IsNoAnswer(Exception e, CancellationToken cancellationToken) =>
        e is HttpRequestException or IOException
            or FormatException or ArgumentException or InvalidOperationException or NotSupportedException
        || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    public static bool IsTransient(HttpStatusCode status) =>
        status is >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;
}
