using System.Globalization;
using System.Net;

namespace Ci.Local;

/// <summary>Reads the options; <c>--port N</c> and <c>--script-root DIR</c> are those that <c>func start</c> has too.</summary>
internal static class CommandLine
{
    public static LocalHostOptions Parse(string[] args)
    {
        var options = new LocalHostOptions { ScriptRoot = "" };
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new HostException($"{args[i]} needs a value behind it.");
            options = args[i] switch
            {
                "--port" or "-p" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535
                    ? options with { Port = port }
                    : throw new HostException($"--port is '{value}'; it must be a number from 0 to 65535."),
                "--address" => IPAddress.TryParse(value, out var address)
                    ? options with { Address = address }
                    : throw new HostException(
                        $"--address is '{value}'; it must be an IP address of this machine, or 0.0.0.0 for all of them."),
                "--hidden" => TimeSpan.TryParse(value, CultureInfo.InvariantCulture, out var hidden)
                    && hidden >= TimeSpan.FromSeconds(2) && hidden <= TimeSpan.FromDays(7)
                    ? options with { QueueTimes = options.QueueTimes with { Hidden = hidden } }
                    : throw new HostException($"--hidden is '{value}'; it must be a time like 00:10:00, from 00:00:02 to 7.00:00:00."),
                "--app" => options with { App = value },
                "--script-root" => options with { ScriptRoot = value },
                var other => throw new HostException(
                    $"'{other}' is no option; there are --app DIR, --port N, --address IP, --hidden TIME and --script-root DIR."),
            };
        }

        return options.ScriptRoot.Length > 0 ? options
            : options with { ScriptRoot = FindScriptRoot() ?? options.App ?? Directory.GetCurrentDirectory() };
    }

    /// <summary>The nearest folder, from the current one upwards, that has a host.json.</summary>
    private static string? FindScriptRoot()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "host.json")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
