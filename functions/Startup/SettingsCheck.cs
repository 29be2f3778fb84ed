using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Ci.Functions.Startup;

/// <summary>Runs the worker, unless a setting is wrong: then it says so in a sentence, which each host shows of a worker that
/// does not start.</summary>
internal static class SettingsCheck
{
    /// <summary>Runs it to its end, and returns the process' exit code.</summary>
    public static int CheckAndRun(this IHost worker)
    {
        try
        {
            // Before the worker does it by itself: by then services were made of the settings, and what they throw has a stack trace.
            worker.Services.GetService<IStartupValidator>()?.Validate();
        }
        catch (Exception e) when (Failures(e) is { } failures)
        {
            foreach (var failure in failures)
            {
                Console.Error.WriteLine(Sentence(failure));
            }

            return 1;
        }

        worker.Run();
        return 0;
    }

    private static IEnumerable<string>? Failures(Exception e) => e switch
    {
        OptionsValidationException wrong => wrong.Failures,
        // Settings of several sections.
        AggregateException all when all.InnerExceptions.All(inner => inner is OptionsValidationException) =>
            all.InnerExceptions.SelectMany(inner => Failures(inner)!),
        _ => null,
    };

    /// <summary>Without the name of the option's member, which a generated validator puts before our sentence.</summary>
    private static string Sentence(string failure)
    {
        var colon = failure.IndexOf(": ", StringComparison.Ordinal);
        return colon < 0 || failure[..colon].Contains(' ', StringComparison.Ordinal) ? failure : failure[(colon + 2)..];
    }
}
