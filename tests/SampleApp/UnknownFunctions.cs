using Azure.Storage.Queues.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.SampleApp;

/// <summary>Functions with bindings that a host without their extensions does not have, or cannot give values for.</summary>
public static class UnknownFunctions
{
    [Function("Tick")]
    public static void Tick([TimerTrigger("0 0 * * * *")] TimerInfo timer)
    {
    }

    [Function("Announce")]
    [QueueOutput("announcements")]
    public static string Announce([QueueTrigger("news")] string message) => message;

    [Function("AnnounceByHttp")]
    public static Announcement AnnounceByHttp(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "announce")] HttpRequest request) =>
        new();

    [Function("SdkMessage")]
    public static void SdkMessage([QueueTrigger("news")] QueueMessage message)
    {
    }

    [Function("SdkBytes")]
    public static void SdkBytes([QueueTrigger("news")] BinaryData message)
    {
    }

    /// <summary>Two answers of one function.</summary>
    public sealed class Announcement
    {
        [QueueOutput("announcements")]
        public string Message { get; init; } = "";

        [HttpResult]
        public IResult Answer { get; init; } = Results.Accepted();
    }
}
