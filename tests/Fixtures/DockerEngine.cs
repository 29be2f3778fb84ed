using System.Formats.Tar;
using System.Text.Json;

namespace Ci.Tests.Fixtures;

/// <summary>A Docker engine: one of the tests' own where they may start one (Linux, root, dockerd), else the one that DOCKER_HOST
/// or the default socket leads to.</summary>
public sealed class DockerEngine : LazyPart
{
    /// <summary>An image with a shell, made of the static busybox, so that nothing needs to be pulled.</summary>
    public const string BaseImage = "ci-test-base:1";

    private static readonly SemaphoreSlim Starting = new(1);

    private static readonly string[] Applets = ["sh", "cat", "ls", "echo", "true", "false", "sleep", "mkdir", "env", "test", "dd"];

    private RunningProcess? _process;

    /// <summary>The engine's address.</summary>
    public string Host { get; private set; } = "";

    /// <summary>A folder with certificates, for an engine that is reached with TLS over TCP; null for a socket.</summary>
    internal string? Certificates { private get; init; }

    /// <summary>A registry whose authority lies in the place that engines look into; null for none.</summary>
    internal DockerRegistry? Trusts { private get; init; }

    private static string Docker => TestEnvironment.Find("docker") ?? "docker";

    /// <summary>Pulls an image, runs it, and returns what it printed.</summary>
    public async Task<string> PullAndRunAsync(string reference)
    {
        await RunAsync("pull", "--quiet", reference);
        try
        {
            return (await RunAsync("run", "--rm", "--network", "none", reference)).Trim();
        }
        finally
        {
            await RunAsync("rmi", "--no-prune", reference);
        }
    }

    public async Task<Dictionary<string, string>> LabelsAsync(string reference)
    {
        await RunAsync("pull", "--quiet", reference);
        try
        {
            var json = await RunAsync("image", "inspect", "--format", "{{json .Config.Labels}}", reference);
            return JsonSerializer.Deserialize<Dictionary<string, string>>(json)!;
        }
        finally
        {
            await RunAsync("rmi", "--no-prune", reference);
        }
    }

    public async Task<string[]> ImageNamesAsync() =>
        (await RunAsync("images", "--format", "{{.Repository}}:{{.Tag}}")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The instructions that the engine's images were made with, those that only others are built on among them.</summary>
    public async Task<string> StepsAsync()
    {
        var steps = "";
        await TestEnvironment.UntilAsync(
            async () =>
            {
                var ids = (await RunAsync("images", "--all", "--quiet", "--no-trunc")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                    .Distinct();
                try
                {
                    steps = await RunAsync(["image", "inspect", "--format", "{{.ContainerConfig.Cmd}} {{.Config.Cmd}}", .. ids]);
                    return true;
                }
                catch (InvalidOperationException)
                {
                    // Another test's image went meanwhile.
                    return false;
                }
            },
            "the images' steps");
        return steps;
    }

    /// <summary>Builds a folder with the classic builder and returns the image's id.</summary>
    public async Task<string> BuildAsync(string folder)
    {
        var output = await RunningProcess.RunAsync("env", "DOCKER_BUILDKIT=0", Docker, "-H", Host, "build", "--quiet", folder);
        return output.Split('\n', StringSplitOptions.TrimEntries).Single(line => line.StartsWith("sha256:", StringComparison.Ordinal));
    }

    public Task<string> RunAsync(params string[] arguments) => RunningProcess.RunAsync(
        Docker,
        Certificates is { } folder
            ? ["--tlsverify", "--tlscacert", $"{folder}/ca.pem", "--tlscert", $"{folder}/cert.pem",
                "--tlskey", $"{folder}/key.pem", "-H", Host, .. arguments]
            : ["-H", Host, .. arguments]);

    /// <summary>Removes all build cache; somebody's own engine is left alone.</summary>
    public async Task EmptyCacheAsync()
    {
        if (_process is null)
        {
            TestEnvironment.SkipOrFail("The engine at hand is not the tests' own, and its build cache is not removed for a test: run "
                + "them as root on Linux, with dockerd installed.");
        }

        await RunAsync("builder", "prune", "--all", "--force");
        // The classic builder's cache are images without a name.
        await RunAsync("image", "prune", "--force");
    }

    protected override async Task StartPartAsync()
    {
        // Two that begin at the same moment both make the machine's NAT chain, and one of them gives up.
        await Starting.WaitAsync();
        try
        {
            await StartEngineAsync();
        }
        finally
        {
            Starting.Release();
        }
    }

    private async Task StartEngineAsync()
    {
        if (TestEnvironment.Find("dockerd") is { } dockerd && Environment.IsPrivilegedProcess && OperatingSystem.IsLinux())
        {
            Host = $"unix://{Folder}/docker.sock";
            string[] tls = [];
            if (Certificates is { } folder)
            {
                Host = $"tcp://127.0.0.1:{TestEnvironment.FreePort()}";
                tls = ["--tlsverify", "--tlscacert", $"{folder}/ca.pem", "--tlscert", $"{folder}/server-cert.pem",
                    "--tlskey", $"{folder}/server-key.pem"];
            }

            var (program, before) = Trusts is null ? (dockerd, []) : ("unshare", WithAuthority(Trusts, dockerd));
            _process = RunningProcess.Start(
                program, [.. before, "--data-root", Folder + "/data", "--exec-root", Folder + "/exec",
                    "-H", Host, "--pidfile", Folder + "/pid", .. tls]);
            await _process.ReadyAsync(AnswersAsync, "the Docker engine");
        }
        else
        {
            Host = Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "unix:///var/run/docker.sock";
            if (!await AnswersAsync())
            {
                TestEnvironment.SkipOrFail($"No Docker engine answers at {Host}: start Docker, or set DOCKER_HOST.");
            }
        }

        await ImportBaseAsync();
    }

    /// <summary>What starts the engine with an <c>/etc/docker/certs.d</c> that nobody else sees: in mounts of its own, a layer of
    /// ours lies upon the machine's <c>/etc</c>.</summary>
    private string[] WithAuthority(DockerRegistry registry, string dockerd)
    {
        var (ours, work) = (Folder + "/etc", Directory.CreateDirectory(Folder + "/work").FullName);
        var place = Directory.CreateDirectory($"{ours}/docker/certs.d/{registry.Address}").FullName;
        File.Copy(registry.CaPath, place + "/ca.crt");
        var script = $"mount -t overlay overlay -o lowerdir=/etc,upperdir={ours},workdir={work} /etc && exec \"$0\" \"$@\"";
        return ["--mount", "--propagation", "private", "sh", "-c", script, dockerd];
    }

    protected override async ValueTask StopPartAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
            await UnmountAsync();
        }
    }

    /// <summary>An engine that was stopped in the middle of a build may leave a layer mounted, and a process that watched a
    /// container.</summary>
    private async Task UnmountAsync()
    {
        foreach (var process in System.Diagnostics.Process.GetProcesses().Where(
            process => process.ProcessName.StartsWith("containerd-shim", StringComparison.Ordinal)))
        {
            using (process)
            {
                if (await IsOursAsync(process.Id))
                {
                    process.Kill();
                }
            }
        }

        foreach (var line in await File.ReadAllLinesAsync("/proc/mounts"))
        {
            if (line.Split(' ')[1] is var mount && mount.StartsWith(Folder, StringComparison.Ordinal))
            {
                await using var unmounting = RunningProcess.Start("umount", ["--lazy", mount]);
                await unmounting.WaitForExitAsync();
            }
        }
    }

    private async Task<bool> IsOursAsync(int process)
    {
        try
        {
            return (await File.ReadAllTextAsync($"/proc/{process}/cmdline")).Contains(Folder, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return false;
        }
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await RunAsync("version");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private async Task ImportBaseAsync()
    {
        if (TestEnvironment.Find("busybox") is not { } busybox)
        {
            TestEnvironment.SkipOrFail("busybox is not installed: apt-get install busybox-static (test.sh does, as root).");
            return;
        }

        var tar = Path.Combine(Folder, "base.tar");
        await using (var file = File.Create(tar))
        await using (var writer = new TarWriter(file, TarEntryFormat.Gnu))
        {
            await using var program = File.OpenRead(busybox);
            await writer.WriteEntryAsync(new GnuTarEntry(TarEntryType.RegularFile, "bin/busybox")
            {
                Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute,
                DataStream = program,
            });
            foreach (var applet in Applets)
            {
                await writer.WriteEntryAsync(new GnuTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox" });
            }
        }

        await RunAsync("import", "--change", "ENV PATH=/bin", tar, BaseImage);
    }
}
