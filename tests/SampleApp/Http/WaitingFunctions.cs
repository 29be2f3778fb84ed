using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.SampleApp.Http;

/// <summary>HTTP functions that take as long as a test wants; <c>gate</c> is the file that ends them.</summary>
public sealed class WaitingFunctions(Samples samples)
{
    /// <summary>Heeds its cancellation.</summary>
    [Function("Wait")]
    public Task WaitAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "wait/{gate}")] HttpRequest request, string gate, CancellationToken cancellationToken) =>
        samples.RunAsync("Wait", gate, () => samples.WaitAsync("Wait", gate, gate, cancellationToken));

    /// <summary>Does not.</summary>
    [Function("WaitDeaf")]
    public Task WaitDeafAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "wait-deaf/{gate}")] HttpRequest request, string gate, CancellationToken cancellationToken) =>
        samples.RunAsync("WaitDeaf", gate, () => samples.WaitDeafAsync("WaitDeaf", gate, gate, cancellationToken));

    /// <summary>Server-sent events: one at once, one when the gate is open.</summary>
    [Function("Events")]
    public IResult Events([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "events/{gate}")] HttpRequest request, string gate) => Results.Stream(
        stream => samples.RunAsync("Events", gate, async () =>
        {
            await stream.WriteAsync("data: first\n\n"u8.ToArray());
            await stream.FlushAsync();
            await samples.WaitAsync("Events", gate, gate, request.HttpContext.RequestAborted);
            await stream.WriteAsync("data: second\n\n"u8.ToArray());
        }),
        "text/event-stream");
}
