using System.Text.Json;

namespace Ci.Local.Worker;

/// <summary>How the worker of an app is started: what the Functions SDK writes into the app's <c>worker.config.json</c>.</summary>
/// <param name="Executable">The program to start.</param>
/// <param name="Assembly">Its first argument: the path of the app's assembly; null where the program is the app itself.</param>
internal sealed record WorkerConfig(string Executable, string? Assembly)
{
    private const string FileName = "worker.config.json";

    /// <exception cref="HostException">The folder holds no app that this host can start.</exception>
    public static WorkerConfig Read(string app)
    {
        var path = Path.Combine(app, FileName);
        if (!File.Exists(path))
        {
            throw new HostException(
                $"There is no {FileName} in {Path.GetFullPath(app)}: build the Functions app, and name its output folder with --app.");
        }

        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            var description = document.RootElement.GetProperty("description");
            var (language, program, worker) =
                (Text(description, "language"), Text(description, "defaultExecutablePath"), Text(description, "defaultWorkerPath"));
            if (language != "dotnet-isolated")
            {
                throw new HostException($"{path}: language is '{language}'; this host starts 'dotnet-isolated' workers only.");
            }

            // Of an app that is its own program the SDK names both, the program with {WorkerRoot} before it.
            return program == "dotnet"
                ? new WorkerConfig(Dotnet(), Path.Combine(app, worker))
                : new WorkerConfig(program.Replace("{WorkerRoot}", app + Path.DirectorySeparatorChar, StringComparison.Ordinal), null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new HostException($"{path} is none that the Functions SDK wrote: build the app anew.");
        }
    }

    private static string Text(JsonElement parent, string key) => parent.GetProperty(key).GetString() ?? "";

    /// <summary>The dotnet that runs this host also runs the worker; PATH may have another, or none.</summary>
    private static string Dotnet() =>
        Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : "dotnet";
}
