using Ci.Web.Pages;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Ci.Functions;

/// <summary>What there is of a repository.</summary>
public sealed class RepositoriesFunction(WebPages pages)
{
    /// <summary><c>GET /api/repositories/{owner}/{repo}</c>: a page.</summary>
    [Function("GetRepository")]
    public Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "repositories/{owner}/{repo}")] HttpRequest request,
        string owner,
        string repo,
        CancellationToken cancellationToken) =>
        pages.RepositoryAsync($"{owner}/{repo}", cancellationToken);
}
