using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.SampleApp.Http;

/// <summary>HTTP functions on routes of every form.</summary>
public static class RouteFunctions
{
    [Function("Repository")]
    public static IResult Repository(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "of/{owner}/{repo}")] HttpRequest request, string owner, string repo) =>
        Results.Text($"{owner}|{repo}");

    [Function("Badge")]
    public static IResult Badge(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "badge/{owner}/{repo}.svg")] HttpRequest request, string owner,
        string repo) =>
        Results.Text($"{owner}|{repo}");

    [Function("Typed")]
    public static IResult Typed(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "typed/{number}/{id}")] HttpRequest request, int number, Guid id) =>
        Results.Text($"{number + 1}|{id:N}");

    [Function("Optional")]
    public static IResult Optional(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "optional/{name?}")] HttpRequest request, string? name) =>
        Results.Text(name ?? "none");

    [Function("AnyMethodNoRoute")]
    public static IResult Any([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => Results.Text(request.Method);
}
