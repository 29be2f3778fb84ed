using System.Text.RegularExpressions;
using Ci.Tests.Fixtures;

namespace Ci.Tests;

/// <summary>docs/security.md promises nothing that no test holds.</summary>
public sealed partial class SecurityDocTests
{
    [Fact]
    public void Every_sentence_of_docs_security_names_a_test_that_there_is()
    {
        var text = File.ReadAllText(Path.Combine(TestEnvironment.Root, "docs", "security.md"));
        var rows = text.Split('\n')
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.EndsWith("| test |", StringComparison.Ordinal))
                .ToArray();
        var classes = typeof(SecurityDocTests).Assembly.GetTypes().ToLookup(type => type.Name);

        Assert.True(rows.Length > 30);
        Assert.All(rows, row => Assert.Matches(Named(), row));
        Assert.All(Named().Matches(text), named =>
            Assert.True(
                classes[named.Groups[1].Value]
                    .Any(type => type.GetMethod(named.Groups[2].Value) is not null), $"There is no test {named.Value}."));
    }

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex Named();
}
