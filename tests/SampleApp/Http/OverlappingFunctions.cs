using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.SampleApp.Http;

/// <summary>A catch-all, and functions whose names sort before and after its own.</summary>
public static class OverlappingFunctions
{
    [Function("Aardvark")]
    public static IResult Early([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "aardvark")] HttpRequest request) =>
        Results.Text("Aardvark");

    [Function("Middle")]
    public static IResult CatchAll([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "{*rest}")] HttpRequest request) =>
        Results.Text("Middle");

    [Function("Zebra")]
    public static IResult Late([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "zebra")] HttpRequest request) =>
        Results.Text("Zebra");

    [Function("ZebraPost")]
    public static IResult OtherMethod([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "zebra")] HttpRequest request) =>
        Results.Text("ZebraPost");
}
