using Ci.Local;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

try
{
    var options = CommandLine.Parse(args);
    var (app, functions, host) = LocalHost.Build(options);
    await using (app)
    {
        // Before the host does it, which would log a stack trace.
        app.Services.GetService<IStartupValidator>()?.Validate();
        await app.StartAsync();
        Banner.Print(Console.Out, functions, host, app.Urls.First());
        await app.WaitForShutdownAsync();
    }

    return 0;
}
catch (OptionsValidationException e)
{
    foreach (var failure in e.Failures)
    {
        // A generated validator puts the type's and the member's name before our sentence.
        var colon = failure.IndexOf(": ", StringComparison.Ordinal);
        Console.Error.WriteLine(colon < 0 || failure[..colon].Contains(' ', StringComparison.Ordinal) ? failure : failure[(colon + 2)..]);
    }

    return 1;
}
catch (Exception e) when (e is HostException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
