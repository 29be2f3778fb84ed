using System.Reflection;
using System.Text.Json.Nodes;
using Ci.Pipeline;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Configuration;

namespace Ci.Tests;

/// <summary>Every setting is in the README's table and in the example file, with the default that the program has.</summary>
public sealed class SettingsTests
{
    public static TheoryData<string> Settings => [.. Properties().Select(p => p.Setting).Distinct()];

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_setting_is_in_the_readme_and_in_the_example(string setting)
    {
        Assert.Contains($"`{setting}`", File.ReadAllText(Path.Combine(Parts.Root, "README.md")), StringComparison.Ordinal);
        Assert.Contains(setting, Example().Select(value => value.Key));
    }

    [Fact]
    public void The_examples_values_are_the_defaults()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(Example().Select(v => KeyValuePair.Create(v.Key.Replace("__", ":", StringComparison.Ordinal), v.Value?.ToString())))
            .Build();

        Assert.All(Properties().Where(p => p.Setting != "GitHub__WebhookSecret" && p.Property.PropertyType.IsValueType | p.Property.PropertyType == typeof(string)), p =>
        {
            var fresh = Activator.CreateInstance(p.Property.DeclaringType!)!;
            var expected = p.Property.GetValue(fresh);
            configuration.GetSection(p.Setting.Split("__")[0]).Bind(fresh);
            Assert.Equal((p.Setting, expected), (p.Setting, p.Property.GetValue(fresh)));
        });
    }

    private static IEnumerable<(string Setting, PropertyInfo Property)> Properties() =>
        from type in typeof(BuildOptions).Assembly.GetTypes()
        let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)
        where section is not null
        from property in type.GetProperties()
        where property.SetMethod is not null || property.PropertyType != typeof(string) && property.PropertyType.IsAssignableTo(typeof(System.Collections.IList))
        select ($"{section.GetValue(null)}__{property.Name}", property);

    private static JsonObject Example() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(Parts.Root, "local.settings.json.example")))!["Values"]!.AsObject();
}
