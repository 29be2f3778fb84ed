using System.Text.RegularExpressions;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>docs/hosts.md names a test for each of its rows.</summary>
public sealed partial class HostsDocTests
{
    [Fact]
    public void Every_row_of_docs_hosts_names_a_test_that_there_is()
    {
        var rows = File.ReadLines(Path.Combine(TestEnvironment.Root, "docs", "hosts.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| case |", StringComparison.Ordinal))
            .ToArray();

        Assert.NotEmpty(rows);
        Assert.All(rows, row =>
        {
            var test = LastCell().Match(row);
            Assert.True(test.Success, $"No test: {row}");
            Assert.NotNull(Type.GetType($"Ci.Tests.Local.{test.Groups[1].Value}")?.GetMethod(test.Groups[2].Value));
        });
    }

    [GeneratedRegex(@"\| `(\w+)\.(\w+)` \|$")]
    private static partial Regex LastCell();
}
