using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Http;

namespace Ci.Pipeline.GitHub;

/// <summary>Which files a pull request touches, for the <c>paths</c> of dockerInfo.json.</summary>
public sealed class PullRequestFiles(HttpClient http)
{
    // GitHub lists at most 3,000 files of a pull request, 100 a page (REST, "List pull requests files").
    private const int PageSize = 100;
    private const int MaxPages = 30;

    /// <summary>The paths, old and new names of renamed files included; null when there are more than GitHub lists.</summary>
    /// <exception cref="SourceUnavailableException">GitHub did not answer, or not now.</exception>
    public async Task<IReadOnlyList<string>?> ListAsync(string repository, int pullRequest, CancellationToken cancellationToken)
    {
        var paths = new List<string>();
        for (var page = 1; page <= MaxPages; page++)
        {
            var files = await PageAsync($"repos/{repository}/pulls/{pullRequest}/files?per_page={PageSize}&page={page}", cancellationToken);
            foreach (var file in files)
            {
                paths.Add(file.Filename);
                if (file.PreviousFilename is { } previous)
                {
                    paths.Add(previous);
                }
            }

            if (files.Count < PageSize)
            {
                return paths;
            }
        }

        return null;
    }

    private async Task<List<ChangedFile>> PageAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(path, cancellationToken);
            response.EnsureSuccessStatusCode();
            var files = await response.Content.ReadFromJsonAsync(ChangedFileJson.Default.ListChangedFile, cancellationToken);
            return files is null || files.Exists(file => file is null) ? throw new JsonException("A file is null.") : files;
        }
        catch (Exception e) when (e is JsonException || HttpFaults.IsNoAnswer(e, cancellationToken))
        {
            var status = e is HttpRequestException { StatusCode: HttpStatusCode code } ? $" ({(int)code})" : "";
            throw new SourceUnavailableException($"GitHub did not list the pull request's files{status}.", inner: e);
        }
    }
}

internal sealed record ChangedFile
{
    public required string Filename { get; init; }

    public string? PreviousFilename { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(List<ChangedFile>))]
internal sealed partial class ChangedFileJson : JsonSerializerContext;
