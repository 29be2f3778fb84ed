using System.Runtime.InteropServices;
using Ci.Local;

// Until the host runs and listens to them itself.
using var stop = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
try
{
    await using var host = await LocalHost.StartAsync(CommandLine.Parse(args), stop.Token);
    Banner.Print(Console.Out, host.Functions, host.HostJson, host.Url.ToString().TrimEnd('/'));
    await host.WaitForShutdownAsync(CancellationToken.None);
    await host.StopAsync(CancellationToken.None);
    return 0;
}
catch (Exception e) when (e is HostException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 0;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
