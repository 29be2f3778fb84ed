using System.Globalization;
using Microsoft.Azure.Functions.Worker;

namespace Ci.SampleApp.Queues;

/// <summary>Queue functions that take their message in every form that the worker makes of a text, and what comes with it.</summary>
public sealed class MessageFunctions(Samples samples)
{
    [Function("Bytes")]
    public void Bytes([QueueTrigger("bytes")] byte[] message) => samples.Tell("Bytes", "start", Convert.ToHexString(message));

    [Function("Poco")]
    public void Poco([QueueTrigger("pocos")] Order message) =>
        samples.Tell("Poco", "start", string.Create(CultureInfo.InvariantCulture, $"{message.Count} of {message.Name}"));

    [Function("Metadata")]
    public void Metadata([QueueTrigger("metadata")] string message, FunctionContext context)
    {
        foreach (var (name, value) in context.BindingContext.BindingData)
        {
            samples.Tell("Metadata", name, value?.ToString() ?? "null");
        }

        samples.Tell("Metadata", "start", message);
    }

    /// <summary>What a message holds.</summary>
    public sealed record Order(string Name, int Count);
}
