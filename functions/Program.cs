using Ci.Functions.Startup;
using Ci.Pipeline;
using Ci.Web;
using Microsoft.Azure.Functions.Worker.Builder;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddPipeline(builder.Configuration).AddWeb().AddApp();
return builder.Build().CheckAndRun();
