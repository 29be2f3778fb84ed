using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Ci.Tests.Fixtures;
using Microsoft.AspNetCore.Builder;

namespace Ci.Tests.Compose;

/// <summary>Images that play the parts of docker-compose.yml's services, with the same programs from this machine: Debian's
/// registry, npm's Azurite, and the local host in the place of the Functions host.</summary>
internal sealed partial class StandInImages(DockerEngine engine, string folder, string prefix) : IAsyncDisposable
{
    public string Registry { get; } = prefix + "-registry";

    public string Azurite { get; } = prefix + "-azurite";

    public string Functions { get; } = prefix + "-functions";

    /// <summary>Azurite's volume with what npm installed. The image has just node: an engine takes longer to unpack these ten
    /// thousand small files than for all the rest of the test.</summary>
    public static string AzuriteVolume => Modules + ":/opt/node_modules:ro";

    private static string Modules => Path.Combine(TestEnvironment.Root, "scripts", "node_modules");

    /// <summary>Skips the test, or fails it in CI, where a program is missing.</summary>
    public static void Check()
    {
        if (!OperatingSystem.IsLinux())
        {
            TestEnvironment.SkipOrFail("docker-compose.yml was not brought up: its images are made of a Linux machine's programs, "
                + "and this is none. Run the test on Linux.");
        }

        foreach (var (program, package) in new[] { ("docker-registry", "docker-registry"), ("busybox", "busybox-static"),
            ("bash", "bash"), ("ldd", "libc-bin") })
        {
            if (TestEnvironment.Find(program) is null)
            {
                TestEnvironment.SkipOrFail($"{program} is not installed: apt-get install {package}.");
            }
        }

        if (TestEnvironment.Find("node") is null || !Directory.Exists(Path.Combine(Modules, "azurite")))
        {
            TestEnvironment.SkipOrFail("Azurite is not installed: run npm ci in scripts/ (test.sh does).");
        }
    }

    public Task MakeAsync() => Task.WhenAll(MakeRegistryAsync(), MakeAzuriteAsync(), MakeFunctionsAsync());

    public async ValueTask DisposeAsync()
    {
        foreach (var image in new[] { Registry, Azurite, Functions })
        {
            if ((await engine.RunAsync("images", "--quiet", image)).Trim().Length > 0)
            {
                await engine.RunAsync("rmi", "--force", image);
            }
        }
    }

    private Task MakeRegistryAsync() => ImportAsync(
        Registry,
        async root =>
        {
            await root.AddProgramAsync(TestEnvironment.Find("docker-registry")!, "/bin/registry");
            await root.AddTextAsync("/etc/docker/registry/config.yml", """
                version: 0.1
                storage: { filesystem: { rootdirectory: /var/lib/registry } }
                http: { addr: ":5000" }
                """);
        },
        """CMD ["registry", "serve", "/etc/docker/registry/config.yml"]""");

    private Task MakeAzuriteAsync() => ImportAsync(
        Azurite,
        async root =>
        {
            await root.AddProgramAsync(TestEnvironment.Find("node")!, "/bin/node");
            await root.AddTextAsync("/bin/azurite", "#!/bin/sh\nexec node /opt/node_modules/azurite/dist/src/azurite.js \"$@\"\n");

            // The health check's nc -z host port, without which Debian's busybox is built. Its first check fails, so that
            // Azurite is healthy later than the registry: who does not wait for it is seen.
            await root.AddTextAsync("/bin/nc", """
                #!/bin/bash
                [[ -e /tmp/asked ]] || { : >/tmp/asked; exit 1; }
                [[ $1 == -z ]] && exec 3<>"/dev/tcp/$2/$3"

                """);
        },
        """CMD ["azurite"]""");

    /// <summary>The health check and the command are the Dockerfile's own; what they start is the local host.</summary>
    private Task MakeFunctionsAsync() => ImportAsync(
        Functions,
        async root =>
        {
            await AddDotnetAsync(root);
            await root.AddFolderAsync(
                BuiltApp.Folder, "/home/site/wwwroot", path =>
                    Path.GetDirectoryName(path) is "" && Path.GetExtension(path) is ".dll" or ".json");
            await root.AddFolderAsync(
                AppContext.BaseDirectory, "/azure-functions-host", path =>
                    Path.GetDirectoryName(path) is "" && Path.GetExtension(path) is ".dll" or ".json");
            await root.AddTextAsync("/etc/nsswitch.conf", "hosts: files dns\n");
            await root.AddTextAsync(
                "/opt/startup/start_nonappservice.sh",
                // Under the Functions host's name, by which the command finds it.
                "#!/bin/bash\n(exec -a Microsoft.Azure.WebJobs.Script.WebHost /opt/dotnet/dotnet /azure-functions-host/Ci.Local.dll "
                + "--address 0.0.0.0 --port 80 --app /home/site/wwwroot --script-root /home/site/wwwroot)\n");
            await root.AddFileAsync(Path.Combine(TestEnvironment.Root, "functions", "container.sh"), "/opt/startup/container.sh");
        },
        [.. Instructions().Matches(Shell.ReadFile("functions/Dockerfile")).Select(match => match.Value),
         "ENV DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1"]);

    private async Task ImportAsync(string image, Func<RootFs, Task> fill, params string[] instructions)
    {
        var tar = Path.Combine(folder, image + ".tar");
        await using (var root = await RootFs.CreateAsync(tar))
        {
            await fill(root);
        }

        await engine.RunAsync(["import", .. instructions.Append("ENV PATH=/bin").SelectMany(i => new[] { "--change", i }), tar, image]);
        File.Delete(tar);
    }

    /// <summary>The runtime that this test runs on, where <c>dotnet</c> looks for it.</summary>
    private static async Task AddDotnetAsync(RootFs root)
    {
        var runtime = Path.GetFullPath(RuntimeEnvironment.GetRuntimeDirectory()).TrimEnd('/');
        var dotnet = Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));
        var folders = new[] { runtime, Path.GetDirectoryName(typeof(WebApplication).Assembly.Location)!,
            Path.Combine(dotnet, "host", "fxr", Path.GetFileName(runtime)) };
        foreach (var part in folders)
        {
            await root.AddFolderAsync(part, "/opt/dotnet/" + Path.GetRelativePath(dotnet, part), _ => true);
        }

        await root.AddProgramAsync(Path.Combine(dotnet, "dotnet"), "/opt/dotnet/dotnet");
        await root.AddLibrariesOfAsync(Directory.GetFiles(runtime, "*.so"));

        // The runtime opens OpenSSL by name when it is first needed; ldd does not see it, but this process has it open then.
        SHA256.HashData([]);
        var openSsl = OpenSsl().Matches(await File.ReadAllTextAsync("/proc/self/maps")).Select(match => match.Value).Distinct().ToList();
        foreach (var library in openSsl)
        {
            await root.AddFileAsync(library, library);
        }

        await root.AddLibrariesOfAsync(openSsl);
    }

    [GeneratedRegex(@"^(HEALTHCHECK|CMD) .*$", RegexOptions.Multiline)]
    private static partial Regex Instructions();

    [GeneratedRegex(@"/\S+/lib(ssl|crypto)\.so\S*")]
    private static partial Regex OpenSsl();
}
