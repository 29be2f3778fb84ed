using System.Text.RegularExpressions;

namespace Ci.Tests;

/// <summary>The house's rules that a compiler does not know.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string[] Flow = ["Webhook", "Queue", "Source", "Image", "Report"];

    [Fact]
    public void No_stage_reaches_back_up_the_flow()
    {
        var broken =
            from file in Directory.EnumerateFiles(PipelineFolder(), "*.cs", SearchOption.AllDirectories)
            let stage = Array.IndexOf(Flow, Path.GetRelativePath(PipelineFolder(), file).Split(Path.DirectorySeparatorChar)[0])
            where stage >= 0
            from Match used in StageNamespace().Matches(File.ReadAllText(file))
            where Array.IndexOf(Flow, used.Groups[1].Value) > stage
            select $"{Path.GetFileName(file)} uses {used.Value}";

        Assert.Empty(broken);
    }

    [Fact]
    public void Every_stage_of_the_flow_has_its_folder() =>
        Assert.All(Flow, stage => Assert.True(Directory.Exists(Path.Combine(PipelineFolder(), stage)), stage));

    [Fact]
    public void The_pipeline_knows_neither_functions_nor_aspnet()
    {
        var references = typeof(Ci.Pipeline.BuildRunner).Assembly.GetReferencedAssemblies().Select(a => a.Name!);

        Assert.DoesNotContain(references, name =>
            name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
            || name.StartsWith("Microsoft.Azure.Functions", StringComparison.Ordinal));
    }

    [Fact]
    public void The_solution_builds_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(Root(), "Ci.sln"));
        var listed = SolutionProject().Matches(solution).ToDictionary(project => project.Groups["path"].Value, project => project.Groups["id"].Value);
        var projects = Directory.EnumerateFiles(Root(), "Ci.*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root(), path).Replace(Path.DirectorySeparatorChar, '\\'))
            .Where(path => !path.Contains("\\obj\\", StringComparison.Ordinal));

        Assert.Equal(projects.Order(StringComparer.Ordinal), listed.Keys.Order(StringComparer.Ordinal));
        var configurations = SolutionConfiguration().Matches(solution).Select(configuration => configuration.Groups["name"].Value).ToList();
        Assert.NotEmpty(configurations);
        Assert.All(listed, project => Assert.All(
            configurations, configuration => Assert.Contains($"{project.Value}.{configuration}.Build.0 = ", solution, StringComparison.Ordinal)));
    }

    private static string PipelineFolder() => Path.Combine(Root(), "pipeline");

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Ci.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"Ci\.Pipeline\.(Webhook|Queue|Source|Image|Report)\b")]
    private static partial Regex StageNamespace();

    [GeneratedRegex(@", ""(?<path>[^""]+\.csproj)"", ""(?<id>\{[0-9A-F-]+\})""")]
    private static partial Regex SolutionProject();

    [GeneratedRegex(@"^\t\t(?<name>(Debug|Release)\|[^=]+?) = ", RegexOptions.Multiline)]
    private static partial Regex SolutionConfiguration();
}
