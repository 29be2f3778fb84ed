using Ci.SampleApp;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

using var samples = Samples.FromEnvironment();
samples.Tell("", "process");
if (samples.Has("refuse-to-start"))
{
    await Console.Error.WriteLineAsync("Setting Sample is 'x'; it must be a number.");
    return 1;
}

if (samples.Has("crash-at-start"))
{
    Environment.FailFast("It crashes at its start.");
}

if (samples.Has("hang-at-start"))
{
    await Task.Delay(Timeout.Infinite);
}

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddSingleton(samples);
builder.Services.AddScoped<PerCall>();
await builder.Build().RunAsync();
return 0;
