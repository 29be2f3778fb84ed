using System.Text.RegularExpressions;
using Ci.Tests.Fixtures;

namespace Ci.Tests;

/// <summary>What others make comes in exactly the version that was looked at.</summary>
public sealed class SupplyChainTests
{
    [Fact]
    public void Every_project_is_locked()
    {
        var projects = Directory.EnumerateFiles(TestEnvironment.Root, "Ci.*.csproj", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .Select(path => Path.GetDirectoryName(path)!)
            .ToList();

        Assert.NotEmpty(projects);
        Assert.All(projects, folder => Assert.True(File.Exists(Path.Combine(folder, "packages.lock.json")), folder));
        Assert.Contains(
            "<RestoreLockedMode Condition=\"'$(CI)' == 'true'\">true</RestoreLockedMode>", Read("Directory.Build.props"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_workflow_may_read_and_nothing_else()
    {
        var workflow = Read(".github/workflows/ci.yml");

        Assert.Contains("\npermissions: {}\n", workflow, StringComparison.Ordinal);
        Assert.DoesNotContain(": write", workflow, StringComparison.Ordinal);
        Assert.All(Regex.Matches(workflow, @"uses: (\S+)"), use => Assert.Matches("@[0-9a-f]{40}$", use.Groups[1].Value));
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(TestEnvironment.Root, path)).ReplaceLineEndings("\n");
}
