using Ci.Web.Api;
using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;

namespace Ci.Web.Answers;

/// <summary>Tells a browser on a page that leads <paramref name="back"/>, a program as JSON.</summary>
public sealed class ProblemResult(int status, string sentence, string back = Paths.Builds) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.Vary = "Accept";
        IResult answer = httpContext.Request.WantsPage()
            ? new PageResult<ProblemPage>(
                new()
                {
                    [nameof(ProblemPage.Status)] = status,
                    [nameof(ProblemPage.Sentence)] = sentence,
                    [nameof(ProblemPage.Back)] = back,
                },
                status)
            : Results.Json(new ProblemAnswer(sentence), ReportJson.Default.ProblemAnswer, statusCode: status);
        return answer.ExecuteAsync(httpContext);
    }
}
