using System.Text.RegularExpressions;
using Ci.BuildKit;
using Ci.Local;
using Ci.Pipeline;
using Ci.Web;
using NetArchTest.Rules;

namespace Ci.Tests;

/// <summary>The house's rules that a compiler does not know.</summary>
public sealed partial class ArchitectureTests
{
    // Each layer may use those before it, and nobody else's; the members of one layer do not see each other.
    private static readonly string[][] Layers =
    [
        ["Settings", "Text", "Http"],
        ["Builds"],
        ["Telemetry"],
        ["Queue", "GitHub", "Registry"],
        ["Source"],
        ["Docker"],
        ["Tunnel"],
        ["Reporting"],
        ["Intake", "Worker"],
    ];

    private static readonly string[] AspNetAndFunctions = ["Microsoft.AspNetCore", "Microsoft.Azure.Functions"];

    public static TheoryData<string> Folders => [.. Layers.SelectMany(layer => layer)];

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_of_the_pipeline_uses_only_those_of_the_layers_below_it(string folder)
    {
        var layer = Array.FindIndex(Layers, names => names.Contains(folder));
        var above = Layers.Skip(layer).SelectMany(names => names).Except([folder]).Select(name => "Ci.Pipeline." + name);

        Assert.Empty(above.SelectMany(name => Types.InAssembly(typeof(PipelineServices).Assembly)
            .That().ResideInNamespace("Ci.Pipeline." + folder)
            .Should().NotHaveDependencyOnAny(name)
            .GetResult().FailingTypes.Select(type => $"{type.FullName} uses {name}")));
    }

    [Fact]
    public void Every_folder_of_the_pipeline_has_its_layer_and_nothing_stands_beside_them_but_the_services()
    {
        var names = Types.InAssembly(typeof(PipelineServices).Assembly).GetTypes()
            .Where(
                type =>
                    type.FullName.StartsWith("Ci.Pipeline", StringComparison.Ordinal)
                        && !type.FullName.Contains('<', StringComparison.Ordinal))
            .Select(type => type.FullName.Split('.')[2..] is [var folder, _, ..] ? folder : type.Name);

        Assert.Equal(
            Layers.SelectMany(layer => layer).Append(nameof(PipelineServices)).Order(StringComparer.Ordinal), names.Distinct()
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_pipeline_knows_neither_functions_nor_aspnet_nor_pages() =>
        AssertKnowsNone(typeof(PipelineServices), [.. AspNetAndFunctions, "Ci.Web", "Ci.Functions", "Ci.Local"]);

    [Fact]
    public void The_web_knows_no_functions() =>
        AssertKnowsNone(typeof(WebServices), "Microsoft.Azure.Functions", "Ci.Functions", "Ci.Local");

    [Fact]
    public void The_buildkit_client_knows_nothing_of_the_rest() => AssertKnowsNone(typeof(BuildKitBuilder), "Ci.");

    [Fact]
    public void The_local_host_knows_nothing_of_the_app_that_it_runs() => AssertKnowsNone(typeof(LocalHost), "Ci.");

    private static void AssertKnowsNone(Type member, params string[] names) => Assert.DoesNotContain(
        member.Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name!),
        name => names.Any(unwanted => name.StartsWith(unwanted, StringComparison.Ordinal)));

    [Fact]
    public void The_solution_builds_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(Root(), "Ci.sln"));
        var listed = SolutionProject().Matches(solution).ToDictionary(
            project => project.Groups["path"].Value, project => project.Groups["id"].Value);
        var projects = Directory.EnumerateFiles(Root(), "Ci.*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Root(), path).Replace(Path.DirectorySeparatorChar, '\\'))
            .Where(path => !path.Contains("\\obj\\", StringComparison.Ordinal));

        Assert.Equal(projects.Order(StringComparer.Ordinal), listed.Keys.Order(StringComparer.Ordinal));
        var configurations = SolutionConfiguration().Matches(solution).Select(configuration => configuration.Groups["name"].Value).ToList();
        Assert.NotEmpty(configurations);
        Assert.All(listed, project => Assert.All(
            configurations, configuration =>
                Assert.Contains($"{project.Value}.{configuration}.Build.0 = ", solution, StringComparison.Ordinal)));
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Ci.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    [GeneratedRegex(@", ""(?<path>[^""]+\.csproj)"", ""(?<id>\{[0-9A-F-]+\})""")]
    private static partial Regex SolutionProject();

    [GeneratedRegex(@"^\t\t(?<name>(Debug|Release)\|[^=]+?) = ", RegexOptions.Multiline)]
    private static partial Regex SolutionConfiguration();
}
