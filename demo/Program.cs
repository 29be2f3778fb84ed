using Ci.Demo;

// Ci.Demo LOCAL-HOST-DLL APP-FOLDER SAMPLE-FOLDER: run.sh starts the parts, and hands their addresses over in the environment.
if (args is not [var host, var app, var sample])
{
    Console.Error.WriteLine("Use ./run.sh demo, which starts what the demo needs.");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
using var terminated = System.Runtime.InteropServices.PosixSignalRegistration.Create(
    System.Runtime.InteropServices.PosixSignal.SIGTERM,
    context =>
    {
        context.Cancel = true;
        stop.Cancel();
    });
try
{
    await using var scenario = await DemoScenario.StartAsync(host, app, sample, stop.Token);
    await scenario.RunAsync(stop.Token);
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return 130;
}
catch (DemoException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
