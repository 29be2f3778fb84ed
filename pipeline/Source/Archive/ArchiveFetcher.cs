using Ci.Pipeline.Builds;
using Ci.Pipeline.GitHub;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Source.Archive;

/// <summary>Fetches a commit as its whole archive.</summary>
public sealed class ArchiveFetcher(GitHubArchive gitHub, IOptions<SourceOptions> options)
{
    /// <summary>Fetches a commit.</summary>
    /// <exception cref="SourceUnavailableException">GitHub did not answer, or not now, or broke off.</exception>
    public async Task<SourceResult> FetchAsync(string repository, string commit, CancellationToken cancellationToken)
    {
        switch (await gitHub.OpenAsync(repository, commit, cancellationToken))
        {
            case ArchiveAnswer.Refused refused:
                return new SourceResult.Refused(refused.Reason);
            case ArchiveAnswer.Opened { Content: var content }:
                try
                {
                    await using (content)
                    {
                        return new SourceResult.Fetched(await SourceArchive.SpoolAsync(content, options.Value, cancellationToken));
                    }
                }
                catch (SourceRefusedException e)
                {
                    return new SourceResult.Refused(e.Message);
                }

            case var other:
                throw new InvalidOperationException($"Unknown answer {other}.");
        }
    }
}
