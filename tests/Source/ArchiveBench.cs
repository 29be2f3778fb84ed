using System.Formats.Tar;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Source;
using Ci.Pipeline.Source.Archive;
using Ci.Pipeline.Source.DockerInfo;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Source;

/// <summary>Takes an archive in as a build does, in a temporary folder of its own that must be empty afterwards.</summary>
internal sealed class ArchiveBench : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ci-attack-");

    public ArchiveBench() => Options = new SourceOptions { TempDirectory = _folder.FullName };

    public static ImageSpec Whole { get; } = new() { Name = "a", Version = "1", DockerfilePath = "Dockerfile" };

    public SourceOptions Options { get; }

    /// <summary>The sentence with which it is refused.</summary>
    public async Task<string> RefusalAsync(Stream download) =>
        (await Assert.ThrowsAsync<SourceRefusedException>(() => ContextAsync(download, Whole))).Message;

    public Task<string> RefusalAsync(RawTar tar) => RefusalAsync(new MemoryStream(tar.Gzip()));

    /// <summary>What of it gets to the engine: each entry's name, and its content or where it points to.</summary>
    public Task<List<(string Name, string Content)>> ContextAsync(RawTar tar, ImageSpec? image = null) =>
        ContextAsync(new MemoryStream(tar.Gzip()), image ?? Whole);

    public async Task<List<(string Name, string Content)>> ContextAsync(Stream download, ImageSpec image, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken, cancellationToken);
        limit.CancelAfter(TestEnvironment.Limit);
        await using var archive = await SourceArchive.SpoolAsync(download, Options, limit.Token);
        using var context = new MemoryStream();
        await archive.WriteContextAsync(image, context, limit.Token);
        context.Position = 0;
        return await ReadAsync(context, limit.Token);
    }

    /// <summary>The dockerInfo.json that was found.</summary>
    public async Task<string?> InfoAsync(RawTar tar)
    {
        await using var archive = await SourceArchive.SpoolAsync(new MemoryStream(tar.Gzip()), Options, TestContext.Current.CancellationToken);
        return archive.DockerInfoJson is { } json ? System.Text.Encoding.UTF8.GetString(json.Span) : null;
    }

    public void Dispose()
    {
        Assert.Empty(_folder.EnumerateFiles());
        if (OperatingSystem.IsLinux())
        {
            // A file without a name keeps its place on the disk for as long as it is open.
            Assert.DoesNotContain(new DirectoryInfo("/proc/self/fd").EnumerateFiles(), file => file.LinkTarget?.StartsWith(_folder.FullName, StringComparison.Ordinal) == true);
        }

        _folder.Delete();
    }

    private static async Task<List<(string Name, string Content)>> ReadAsync(Stream context, CancellationToken cancellationToken)
    {
        var entries = new List<(string, string)>();
        await using var reader = new TarReader(context);
        while (await reader.GetNextEntryAsync(copyData: true, cancellationToken) is { } entry)
        {
            entries.Add((entry.Name, entry.EntryType == TarEntryType.SymbolicLink ? "-> " + entry.LinkName
                : entry.DataStream is null ? "" : await new StreamReader(entry.DataStream).ReadToEndAsync(cancellationToken)));
        }

        return entries;
    }
}
