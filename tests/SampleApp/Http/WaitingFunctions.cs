using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.SampleApp.Http;

/// <summary>HTTP functions that take as long as a test wants; <c>marker</c> is the file that ends them.</summary>
public sealed class WaitingFunctions(Samples samples)
{
    /// <summary>Heeds its cancellation.</summary>
    [Function("Wait")]
    public Task WaitAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "wait/{marker}")] HttpRequest request, string marker,
        CancellationToken cancellationToken) =>
        samples.RunAsync("Wait", marker, () => samples.WaitAsync("Wait", marker, marker, cancellationToken));

    /// <summary>Does not.</summary>
    [Function("WaitDeaf")]
    public Task WaitDeafAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "wait-deaf/{marker}")] HttpRequest request, string marker,
        CancellationToken cancellationToken) =>
        samples.RunAsync("WaitDeaf", marker, () => samples.WaitDeafAsync("WaitDeaf", marker, marker, cancellationToken));

    /// <summary>Server-sent events: one at once, one when the marker is open.</summary>
    [Function("Events")]
    public IResult Events(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "events/{marker}")] HttpRequest request, string marker) =>
        Results.Stream(
        stream => samples.RunAsync("Events", marker, async () =>
        {
            await stream.WriteAsync("data: first\n\n"u8.ToArray());
            await stream.FlushAsync();
            await samples.WaitAsync("Events", marker, marker, request.HttpContext.RequestAborted);
            await stream.WriteAsync("data: second\n\n"u8.ToArray());
        }),
        "text/event-stream");
}
