using Ci.Bench;

// Ci.Bench REPETITIONS: run.sh bench starts Azurite, the engine and the registry, and hands their addresses over in the environment.
// Ci.Bench lists BUILDS measures the lists alone, on the storage.
if (args is ["lists", var builds])
{
    await ListBench.RunAsync(Workbench.Setting("AzureWebJobsStorage"), int.Parse(builds, System.Globalization.CultureInfo.InvariantCulture));
    return;
}

var repetitions = args is [var text] ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : 5;
await using var bench = await Workbench.StartAsync();
await BuildBench.RunAsync(bench, repetitions);
await AcknowledgementBench.RunAsync(bench);
