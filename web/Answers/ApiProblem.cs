using Ci.Web.Api;
using Microsoft.AspNetCore.Http;

namespace Ci.Web.Answers;

/// <summary>What programs are told when something is not done.</summary>
public static class ApiProblem
{
    /// <summary>A sentence, as JSON.</summary>
    public static IResult Of(int status, string sentence) =>
        Results.Json(new ProblemAnswer(sentence), ReportJson.Default.ProblemAnswer, statusCode: status);
}
