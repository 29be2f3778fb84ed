using Ci.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Ci.Tests;

/// <summary>Classes run side by side, and what runs long begins first: else the last of it runs alone, while the other processors
/// have nothing to do.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long = ["Faults.", "EndToEnd.", "Pages.", "Compose.", "Local."];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Rank(collection.TestCollectionDisplayName)).ThenBy(
            collection => collection.TestCollectionDisplayName, StringComparer.Ordinal)];

    private static int Rank(string collection) =>
        Array.FindIndex(Long, part => collection.Contains("Ci.Tests." + part, StringComparison.Ordinal)) is var rank and >= 0 ? rank
            : Long.Length;
}
