using Ci.Functions;
using Ci.Functions.Startup;
using Ci.Pipeline;
using Ci.Web;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.UseMiddleware<AccessMiddleware>();
builder.Services.AddPipeline(builder.Configuration).AddWeb().AddApp();
return builder.Build().CheckAndRun();
