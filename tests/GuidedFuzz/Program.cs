using Ci.Fuzz;
using SharpFuzz;

// Ci.Fuzz TARGET: runs below afl-fuzz, as run.sh beside this file starts it.
if (args is not [var name] || !Targets.All.TryGetValue(name, out var target))
{
    Console.Error.WriteLine($"Say which: {string.Join(", ", Targets.All.Keys)}");
    return 2;
}

Fuzzer.OutOfProcess.Run(stream =>
{
    using var input = new MemoryStream();
    stream.CopyTo(input);
    target(input.ToArray());
});
return 0;
