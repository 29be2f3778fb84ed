using System.ComponentModel;
using System.Diagnostics;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Compose;

/// <summary>Runs a program to its end in the repository's root; its environment is the given one and PATH, nothing else.</summary>
internal static class Shell
{
    public static string Root { get; } = FindRoot();

    public static string ReadFile(string name) => File.ReadAllText(Path.Combine(Root, name));

    /// <summary>The exit code with both outputs, or null where there is no such program.</summary>
    public static async Task<(int Code, string Output)?> TryRunAsync(
        IEnumerable<string> command, params (string Key, string Value)[] environment)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TestEnvironment.Limit);
        try
        {
            using var process = Start(command, environment);
            var output = await Task.WhenAll(
                process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, string.Concat(output));
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    public static async Task<(int Code, string Output)> RunAsync(
        IEnumerable<string> command, params (string Key, string Value)[] environment)
    {
        var result = await TryRunAsync(command, environment);
        Assert.True(result is not null, $"There is no program {command.First()}.");
        return result!.Value;
    }

    public static Process Start(IEnumerable<string> command, params (string Key, string Value)[] environment)
    {
        var start = new ProcessStartInfo(command.First(), command.Skip(1))
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        start.Environment["HOME"] = Environment.GetEnvironmentVariable("HOME");
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return Process.Start(start)!;
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "docker-compose.yml")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("No docker-compose.yml above the tests' output.");
        }

        return directory.FullName;
    }
}
