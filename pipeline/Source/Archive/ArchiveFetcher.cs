using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Source.Archive;

/// <summary>Fetches a commit as its whole archive.</summary>
public sealed class ArchiveFetcher(GitHubArchive gitHub, IOptions<SourceOptions> options)
{
    /// <summary>Fetches a commit.</summary>
    /// <exception cref="GitHubUnavailableException">GitHub did not answer, or not now.</exception>
    /// <exception cref="SourceUnavailableException">It broke off.</exception>
    public async Task<SourceResult> FetchAsync(string repository, string commit, CancellationToken cancellationToken)
    {
        try
        {
            await using var content = await gitHub.OpenAsync(repository, commit, cancellationToken);
            return new SourceResult.Fetched(await SourceArchive.SpoolAsync(content, options.Value, cancellationToken));
        }
        catch (Exception e) when (e is GitHubRefusedException or SourceRefusedException)
        {
            return new SourceResult.Refused(e.Message);
        }
    }
}
