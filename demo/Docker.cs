using System.Diagnostics;

namespace Ci.Demo;

/// <summary>The docker command line, as whoever pulls an image uses it.</summary>
internal sealed class Docker(string host)
{
    public async Task<(int Code, string Output)> TryAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var start =
            new ProcessStartInfo("docker", ["-H", host, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var docker = Process.Start(start) ?? throw new DemoException("The docker command cannot be started: is it on PATH?");
        try
        {
            var error = docker.StandardError.ReadToEndAsync(cancellationToken);
            var output = await docker.StandardOutput.ReadToEndAsync(cancellationToken);
            await docker.WaitForExitAsync(cancellationToken);
            return (docker.ExitCode, docker.ExitCode == 0 ? output.Trim() : (await error).Trim());
        }
        catch (OperationCanceledException)
        {
            docker.Kill(entireProcessTree: true);
            throw;
        }
    }

    public async Task<string> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var (code, output) = await TryAsync(cancellationToken, arguments);
        return code == 0 ? output : throw new DemoException($"docker {string.Join(' ', arguments)} failed: {output}");
    }
}
