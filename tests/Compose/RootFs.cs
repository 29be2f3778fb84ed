using System.Formats.Tar;
using System.Text;
using System.Text.RegularExpressions;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Compose;

/// <summary>The file system of an image, put together from this machine's programs: a tar for <c>docker import</c>. Nothing needs
/// to be pulled for it.</summary>
internal sealed partial class RootFs : IAsyncDisposable
{
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Runnable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly HashSet<string> _added = [];
    private readonly TarWriter _writer;

    private RootFs(string tar) => _writer = new TarWriter(File.Create(tar), TarEntryFormat.Pax);

    /// <summary>Begins with a shell and with what health checks and start scripts call.</summary>
    public static async Task<RootFs> CreateAsync(string tar)
    {
        var root = new RootFs(tar);

        // busybox as the shell would run its own nc, whatever lies on the PATH.
        await root.AddProgramAsync(TestEnvironment.Find("bash")!, "/bin/bash");
        await root.AddLinkAsync("/bin/sh", "bash");
        await root.AddFileAsync(TestEnvironment.Find("busybox")!, "/bin/busybox");
        foreach (var applet in new[] { "env", "sleep", "wget" })
        {
            await root.AddLinkAsync("/bin/" + applet, "busybox");
        }

        await root._writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "tmp/") { Mode = Runnable | UnixFileMode.UserWrite });
        return root;
    }

    /// <summary>Adds a program and the shared libraries that it is linked with.</summary>
    public async Task AddProgramAsync(string program, string target)
    {
        await AddFileAsync(program, target);
        await AddLibrariesOfAsync(program);
    }

    /// <summary>Adds the shared libraries that some programs or libraries are linked with, where this machine has them.</summary>
    public async Task AddLibrariesOfAsync(params IEnumerable<string> files)
    {
        // A program without any ends ldd with 1, which is no error here.
        var (_, output) = await Shell.RunAsync(["ldd", .. files]);
        foreach (var library in Library().Matches(output).Select(match => match.Groups["path"].Value))
        {
            await AddFileAsync(library, library);
        }
    }

    public async Task AddFileAsync(string source, string target)
    {
        if (_added.Add(target))
        {
            await using var content = File.OpenRead(source);
            await AddAsync(target, content);
        }
    }

    public async Task AddTextAsync(string target, string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await AddAsync(target, content);
    }

    /// <summary>Adds the files of a folder that are wanted, as they lie there.</summary>
    public async Task AddFolderAsync(string source, string target, Func<string, bool> wanted)
    {
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(source, file);
            if (wanted(path))
            {
                await AddFileAsync(file, $"{target}/{path}");
            }
        }
    }

    public ValueTask DisposeAsync() => _writer.DisposeAsync();

    private Task AddLinkAsync(string target, string to) =>
        _writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, target.TrimStart('/')) { LinkName = to });

    private Task AddAsync(string target, Stream content) =>
        _writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, target.TrimStart('/')) { Mode = Runnable, DataStream = content });

    [GeneratedRegex(@"(?<path>/\S+) \(0x")]
    private static partial Regex Library();
}
