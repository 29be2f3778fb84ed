using System.Globalization;

namespace Ci.Bench;

/// <summary>What is to be measured.</summary>
internal sealed record BenchOptions
{
    /// <summary>All parts. Acknowledgements come last, for they empty the storage.</summary>
    public static readonly string[] AllParts = ["builds", "merge", "memory", "recovery", "acknowledgement"];

    public IReadOnlyList<string> Parts { get; private init; } = AllParts;

    /// <summary>How often what varies is measured.</summary>
    public int Rounds { get; private init; } = 5;

    /// <summary>Whether the results are written into the document.</summary>
    public bool Writes { get; private init; }

    /// <summary>What the titles of the builds have in them that are to be measured; empty for all.</summary>
    public string Only { get; private init; } = "";

    /// <summary>Null when something is wrong.</summary>
    public static BenchOptions? Parse(string[] args)
    {
        var options = new BenchOptions();
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == "--write")
            {
                options = options with { Writes = true };
            }
            else if (args[i] == "--rounds" && i + 1 < args.Length
                && int.TryParse(args[++i], NumberStyles.None, CultureInfo.InvariantCulture, out var rounds)
                && rounds > 0)
            {
                options = options with { Rounds = rounds };
            }
            else if (args[i] == "--only" && i + 1 < args.Length)
            {
                options = options with { Only = args[++i] };
            }
            else if (AllParts.Contains(args[i]))
            {
                options = options with { Parts = [.. options.Parts == AllParts ? [] : options.Parts, args[i]] };
            }
            else
            {
                return null;
            }
        }

        return options with { Parts = [.. AllParts.Where(options.Parts.Contains)] };
    }
}
