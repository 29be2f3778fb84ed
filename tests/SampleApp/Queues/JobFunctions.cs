using System.Globalization;
using Azure.Storage.Queues;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace Ci.SampleApp.Queues;

/// <summary>Queue functions that do what their message says: a word, and what belongs to it. Other messages are just taken.</summary>
public sealed class JobFunctions(Samples samples, IConfiguration settings)
{
    [Function("Jobs")]
    public Task RunAsync([QueueTrigger("jobs")] string message, FunctionContext context, CancellationToken cancellationToken) =>
        samples.RunAsync("Jobs", message, () => DoAsync("Jobs", message, context, cancellationToken));

    /// <summary>The first's poison queue.</summary>
    [Function("PoisonedJobs")]
    public Task PoisonedAsync([QueueTrigger("jobs-poison")] string message, FunctionContext context, CancellationToken cancellationToken) =>
        samples.RunAsync("PoisonedJobs", message, () => DoAsync("PoisonedJobs", message, context, cancellationToken));

    /// <summary>Settings name its queue and its connection.</summary>
    [Function("JobsByName")]
    public Task ByNameAsync([QueueTrigger("%Queues__Jobs%-%Suffix%", Connection = "Elsewhere")] string message) =>
        samples.RunAsync("JobsByName", message, () => Task.CompletedTask);

    private async Task DoAsync(string function, string message, FunctionContext context, CancellationToken cancellationToken)
    {
        var words = message.Split(' ');
        var isFirstTry = context.BindingContext.BindingData["DequeueCount"]?.ToString() == "1";
        switch (words[0])
        {
            case "throw":
            case "throw-once" when isFirstTry:
                throw new InvalidOperationException("always");
            case "pause":
                await Task.Delay(int.Parse(words[1], CultureInfo.InvariantCulture), cancellationToken);
                break;
            case "wait":
                await samples.WaitAsync(function, words[1], message, cancellationToken);
                break;
            case "return":
                await Task.WhenAny(samples.WaitAsync(function, words[1], message, cancellationToken));
                break;
            case "deaf":
            case "deaf-once" when isFirstTry:
                await samples.WaitDeafAsync(function, words[1], message, cancellationToken);
                break;
            case "crash":
            case "crash-once" when isFirstTry:
                Environment.FailFast("A function ended its process.");
                break;
            case "clear":
                await new QueueClient(settings["AzureWebJobsStorage"], "jobs").ClearMessagesAsync(cancellationToken);
                break;
        }
    }
}
