using System.Globalization;
using System.Runtime.InteropServices;

namespace Ci.Bench;

/// <summary>What was measured on.</summary>
internal static class Machine
{
    public static async Task<string> DescribeAsync(Docker docker)
    {
        var engine = await docker.RunAsync(true, "info", "--format", "{{.ServerVersion}} ({{.Driver}})");
        var memory = (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9).ToString("F0", CultureInfo.InvariantCulture);
        var client = (await docker.RunAsync(true, "--version")).Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)[2];
        return $"Measured on {DateTime.UtcNow:yyyy-MM-dd} with {Environment.ProcessorCount} processors ({Processor()}), " +
            $"{memory} GB of memory, " +
            $"{Kernel()}, Docker Engine {engine.Trim()}, docker command {client}, .NET {Environment.Version}.";
    }

    private static string Processor() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[1]
            ?? RuntimeInformation.OSArchitecture.ToString()
        : RuntimeInformation.OSArchitecture.ToString();

    // The release's own suffix names whoever built it.
    private static string Kernel() =>
        OperatingSystem.IsLinux() ? $"Linux {Environment.OSVersion.Version.ToString(3)}" : RuntimeInformation.OSDescription;
}
