namespace Ci.Local;

/// <summary>What <c>func start</c> prints when its functions are up.</summary>
internal static class Banner
{
    public static void Print(TextWriter output, FunctionCatalog functions, HostJson host, string address)
    {
        var prefix = host.RoutePrefix.Length == 0 ? "" : host.RoutePrefix + "/";
        var lines = functions.Http
            .Select(f => (f.Name, Text: $"{f.Name}: {Methods(f)}{address}/{prefix}{f.Route}"))
            .Concat(functions.Queues.Select(f => (f.Name, Text: $"{f.Name}: queueTrigger")))
            .OrderBy(line => line.Name, StringComparer.OrdinalIgnoreCase);

        output.WriteLine();
        output.WriteLine("Functions:");
        foreach (var (_, text) in lines)
        {
            output.WriteLine();
            output.WriteLine("\t" + text);
        }

        output.WriteLine();
    }

    private static string Methods(HttpFunction function) =>
        function.Methods.Count == 0 ? "" : $"[{string.Join(',', function.Methods)}] ";
}
