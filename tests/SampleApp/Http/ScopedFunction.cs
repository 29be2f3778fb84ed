using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.SampleApp.Http;

/// <summary>Shows which services it has, and writes down that it was disposed.</summary>
public sealed class ScopedFunction(PerCall call, Samples samples) : IAsyncDisposable
{
    [Function("Scoped")]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "scoped")] HttpRequest request) => Results.Text(call.Id);

    public ValueTask DisposeAsync()
    {
        samples.Tell("Scoped", "disposed", call.Id);
        return ValueTask.CompletedTask;
    }
}
