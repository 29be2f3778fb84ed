using System.Formats.Tar;

namespace Ci.Demo;

/// <summary>The image that the sample stands on: busybox where it can be pulled, else one made of this machine's own static
/// busybox.</summary>
internal static class BaseImage
{
    private const string Public = "busybox:stable";
    private const string Own = "ci-demo-base:1";

    private static readonly TimeSpan PullLimit = TimeSpan.FromSeconds(15);

    /// <summary>The image's name, and whether it was made here and is to be removed afterwards.</summary>
    public static async Task<(string Name, bool IsOwn)> PrepareAsync(Docker docker, CancellationToken cancellationToken)
    {
        if ((await docker.TryAsync(cancellationToken, "image", "inspect", Public)).Code == 0
            || await CanPullAsync(docker, cancellationToken))
        {
            return (Public, false);
        }

        var busybox = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, "busybox")).FirstOrDefault(File.Exists)
            ?? throw new DemoException(
                $"{Public} cannot be pulled, and there is no static busybox to make one of (Debian: apt-get install busybox-static).");
        var tar = Path.GetTempFileName();
        try
        {
            await WriteAsync(busybox, tar, cancellationToken);
            await docker.RunAsync(cancellationToken, "import", "--change", "ENV PATH=/bin", tar, Own);
        }
        finally
        {
            File.Delete(tar);
        }

        return (Own, true);
    }

    private static async Task<bool> CanPullAsync(Docker docker, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(PullLimit);
        try
        {
            return (await docker.TryAsync(limit.Token, "pull", "--quiet", Public)).Code == 0;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static async Task WriteAsync(string busybox, string tar, CancellationToken cancellationToken)
    {
        await using var file = File.Create(tar);
        await using var writer = new TarWriter(file, TarEntryFormat.Gnu);
        await using var program = File.OpenRead(busybox);
        await writer.WriteEntryAsync(
            new GnuTarEntry(TarEntryType.RegularFile, "bin/busybox")
            {
                Mode = (UnixFileMode)Convert.ToInt32("755", 8),
                DataStream = program,
            },
            cancellationToken);
        foreach (var applet in new[] { "sh", "cat", "chmod", "echo", "ls" })
        {
            await writer.WriteEntryAsync(
                new GnuTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox" }, cancellationToken);
        }
    }
}
