using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;

namespace Ci.Local.Http;

/// <summary>Passes requests on to the worker's web server and its answers back, as they come.</summary>
internal sealed class WorkerForwarder(IHttpForwarder forwarder) : IDisposable
{
    /// <summary>By which the worker joins a request with its invocation.</summary>
    public const string InvocationHeader = "x-ms-invocation-id";

    // The Functions host ends an exchange in which nothing moves for as long.
    private static readonly ForwarderRequestConfig Config = new() { ActivityTimeout = TimeSpan.FromSeconds(240) };

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        // The request's own trace goes on.
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        // As both web servers read it; else a header beyond ASCII would be a failure of the function's.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
    });

    /// <summary>Passes a request on, and the answer back. Null when it came through whole.</summary>
    public async Task<ForwarderError?> SendAsync(HttpContext context, Uri worker, string invocationId, CancellationToken cancellationToken)
    {
        var error = await forwarder.SendAsync(
            context, worker.ToString(), _client, Config, new Transformer(invocationId), cancellationToken);
        return error == ForwarderError.None ? null : error;
    }

    public void Dispose() => _client.Dispose();

    /// <summary>What the client says of itself and of the way that it came is this host's to say.</summary>
    private sealed class Transformer(string invocationId) : HttpTransformer
    {
        private static readonly string[] Own =
            ["Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", InvocationHeader];

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            foreach (var name in Own)
            {
                httpContext.Request.Headers.Remove(name);
            }

            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            // The worker's web server goes by the address that it listens on; the client's own comes back by the header.
            proxyRequest.Headers.Host = null;
            Add(proxyRequest, "X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.ToString());
            Add(proxyRequest, "X-Forwarded-Proto", httpContext.Request.Scheme);
            Add(proxyRequest, "X-Forwarded-Host", httpContext.Request.Host.Value);
            Add(proxyRequest, InvocationHeader, invocationId);
        }

        private static void Add(HttpRequestMessage request, string name, StringValues value)
        {
            if (!StringValues.IsNullOrEmpty(value))
            {
                request.Headers.TryAddWithoutValidation(name, value.ToString());
            }
        }
    }
}
