using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;
using Ci.Pipeline.GitHub;
using Ci.Pipeline.Intake;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.DockerIgnore;
using Ci.Pipeline.Source.DockerInfo;

namespace Ci.Fuzz;

/// <summary>What is fuzzed: each takes any bytes, and throws only what is not documented.</summary>
internal static class Targets
{
    private static readonly string[] Paths = ["a", "src/a.cs", "README.md", "a/x/b/y/c", "dir/sub/file", ".git/config"];

    // Instrumented code must not run before the fuzzer does, so no static field may hold what is made by it.
    private static SourceOptions Limits => new() { MaxUnpackedBytes = 4 << 20, MaxEntries = 5_000 };

    public static IReadOnlyDictionary<string, Action<byte[]>> All { get; } = new Dictionary<string, Action<byte[]>>
    {
        ["payload"] = input => Expecting<JsonException>(
            () => PullRequestEvent.Parse(WebhookBody.Json("application/json", input)!.Value.Span)),
        ["form"] = input => Expecting<JsonException>(
            () => PullRequestEvent.Parse(WebhookBody.Json("application/x-www-form-urlencoded", input)!.Value.Span)),
        ["message"] = input => Expecting<UnreadableMessageException>(() => BuildRequest.Parse(Encoding.UTF8.GetString(input))),
        ["dockerinfo"] = DockerInfo,
        ["dockerignore"] = DockerIgnore,
        ["tar"] = input => Tar(input).GetAwaiter().GetResult(),
        ["engine"] = input => Engine(input).GetAwaiter().GetResult(),
    };

    private static void Expecting<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T)
        {
        }
    }

    private static void DockerInfo(byte[] input)
    {
        if (DockerInfoReader.Read(input) is DockerInfoResult.Valid { Info.Images: var images })
        {
            foreach (var image in images)
            {
                PathGlobs.Matches(image.Paths, Paths);
            }
        }
    }

    private static void DockerIgnore(byte[] input) => Expecting<SourceRefusedException>(() =>
    {
        var ignore = DockerIgnoreFile.Parse(input, "Dockerfile");
        foreach (var path in Paths)
        {
            ignore.Excludes(path);
        }
    });

    private static async Task Tar(byte[] input)
    {
        using var zipped = new MemoryStream();
        await using (var gzip = new GZipStream(zipped, CompressionLevel.NoCompression, leaveOpen: true))
        {
            gzip.Write(input);
        }

        zipped.Position = 0;
        try
        {
            await using var archive = await SourceArchive.SpoolAsync(zipped, Limits, CancellationToken.None);
            await archive.WriteContextAsync(
                new ImageSpec { Name = "a", Version = "1", DockerfilePath = "Dockerfile" }, Stream.Null, CancellationToken.None);
        }
        catch (Exception e) when (e is SourceRefusedException or SourceUnavailableException)
        {
        }
    }

    private static async Task Engine(byte[] input)
    {
        try
        {
            await foreach (var line in EngineStream.ReadAsync(new MemoryStream(input), CancellationToken.None))
            {
                EngineErrors.OfBuild(line.Error ?? "");
            }
        }
        catch (ImageUnavailableException)
        {
        }
    }
}
