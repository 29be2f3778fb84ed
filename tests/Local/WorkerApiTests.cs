using System.Reflection;
using Ci.Local;
using Ci.Tests.Fixtures;

namespace Ci.Tests.Local;

/// <summary>What <c>local/</c> declares in the Functions' namespaces is there in the real packages, so that <c>functions/</c> compiles against both.</summary>
public sealed class WorkerApiTests
{
    private static readonly Dictionary<string, string[]> Real = ReadList();

    [Fact]
    public void Every_declared_type_is_a_real_one() => Assert.All(Declared(), type => Assert.Contains(type.FullName!, Real.Keys));

    [Fact]
    public void Every_declared_member_is_a_real_one_with_the_same_types_and_names()
    {
        var strange =
            from type in Declared()
            where !type.IsEnum
            from member in type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            where member is ConstructorInfo or PropertyInfo or MethodInfo { IsSpecialName: false }
            let text = Text(member)
            where !Real[type.FullName!].Contains(text)
            select $"{type.Name}: {text}";

        Assert.Empty(strange);
    }

    [Fact]
    public void Enumerations_have_the_real_values_in_the_real_order() => Assert.All(
        Declared().Where(type => type.IsEnum),
        type => Assert.Contains(string.Join(", ", Enum.GetNames(type)), Real[type.FullName!]));

    [Fact]
    public void Base_classes_are_the_real_ones() => Assert.All(
        Declared().Where(type => !type.IsEnum && type.BaseType != typeof(Attribute)),
        type => Assert.Contains("base " + type.BaseType!.FullName, Real[type.FullName!]));

    /// <summary>Program.cs is the one file of functions/ that is not compiled here: each of its calls is a listed one, or .NET's or our own.</summary>
    [Fact]
    public void The_programs_few_lines_call_what_the_real_builder_has()
    {
        var lines = File.ReadAllLines(Path.Combine(Parts.Root, "functions", "Program.cs")).Where(line => line.Length > 0 && !line.StartsWith("using ", StringComparison.Ordinal));

        Assert.Equal(
            [
                "var builder = FunctionsApplication.CreateBuilder(args);",
                "builder.ConfigureFunctionsWebApplication();",
                "builder.Services.AddPipeline(builder.Configuration);",
                "builder.Build().Run();",
            ],
            lines);
        const string Namespace = "Microsoft.Azure.Functions.Worker.Builder.";
        Assert.Contains("static FunctionsApplicationBuilder CreateBuilder(string[] args)", Real[Namespace + "FunctionsApplication"]);
        Assert.Contains(
            "static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(FunctionsApplicationBuilder builder)",
            Real[Namespace + "FunctionsApplicationBuilderAspNetCoreExtensions"]);
        Assert.All(
            ["IServiceCollection Services { get; }", "ConfigurationManager Configuration { get; }", "IHost Build()"],
            (string member) => Assert.Contains(member, Real[Namespace + "FunctionsApplicationBuilder"]));
    }

    private static Type[] Declared() =>
        [.. typeof(LocalHost).Assembly.GetExportedTypes().Where(t => t.Namespace?.StartsWith("Microsoft.Azure.Functions", StringComparison.Ordinal) == true)];

    private static string Text(MemberInfo member) => member switch
    {
        ConstructorInfo c => $".ctor({Parameters(c)})",
        PropertyInfo p => $"{Name(p.PropertyType)} {p.Name} {{ get;{(p.SetMethod?.IsPublic == true ? " set;" : "")} }}",
        MethodInfo m => $"{Name(m.ReturnType)} {m.Name}({Parameters(m)})",
        _ => member.ToString()!,
    };

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}"));

    private static string Name(Type type) =>
        type == typeof(string) ? "string" : type == typeof(string[]) ? "string[]" : type == typeof(void) ? "void" : type.Name;

    private static Dictionary<string, string[]> ReadList()
    {
        var types = new Dictionary<string, string[]>();
        var name = "";
        foreach (var line in File.ReadLines(Path.Combine(Parts.Root, "tests", "functions-worker-api.txt")).Where(l => l.Length > 0 && l[0] is not ('/' or '#')))
        {
            if (line[0] != ' ')
            {
                var words = line.Split(" : ");
                name = words[0].Split(' ')[^1];
                types[name] = words.Length > 1 ? ["base " + words[1]] : [];
            }
            else
            {
                types[name] = [.. types[name], line.Trim()];
            }
        }

        return types;
    }
}
