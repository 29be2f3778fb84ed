using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;
using Ci.Pipeline;
using Ci.Pipeline.Builds;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Ci.Tests;

/// <summary>Every setting is in the README's table and in the example file, with the default that the program has.</summary>
public sealed class SettingsTests
{
    public static TheoryData<string> Settings => [.. Properties().Select(p => p.Setting).Distinct()];

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_setting_is_in_the_readme_and_in_the_example(string setting)
    {
        Assert.Contains($"`{setting}`", File.ReadAllText(Path.Combine(TestEnvironment.Root, "README.md")), StringComparison.Ordinal);
        Assert.Contains(setting, Example().Select(value => value.Key));
    }

    [Fact]
    public void The_examples_values_are_the_defaults()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                Example().Select(v => KeyValuePair.Create(v.Key.Replace("__", ":", StringComparison.Ordinal), v.Value?.ToString())))
            .Build();

        Assert.All(Properties().Where(p => p.Setting != "GitHub__WebhookSecret"
            && p.Property.PropertyType.IsValueType | p.Property.PropertyType == typeof(string)), p =>
        {
            var fresh = Activator.CreateInstance(p.Property.DeclaringType!)!;
            var expected = p.Property.GetValue(fresh);
            configuration.GetSection(p.Setting.Split("__")[0]).Bind(fresh);
            Assert.Equal((p.Setting, expected), (p.Setting, p.Property.GetValue(fresh)));
        });
    }

    public static TheoryData<string> TypedSettings =>
        [.. Properties().Where(p => p.Property.PropertyType.IsValueType).Select(p => p.Setting)];

    [Theory]
    [MemberData(nameof(TypedSettings))]
    public void A_value_that_cannot_be_read_is_a_sentence_that_names_setting_and_value(string setting)
    {
        var sentence = Refusal(setting, "anything");

        Assert.Matches($"^{setting} is 'anything'; it must be [^`]+\\.$", sentence);
    }

    public static TheoryData<string> Ranges =>
        [.. Properties().Where(p => p.Property.IsDefined(typeof(RangeAttribute))).Select(p => p.Setting)];

    [Theory]
    [MemberData(nameof(Ranges))]
    public void A_value_out_of_range_is_a_sentence_that_names_the_setting(string setting)
    {
        var range = Properties().Single(p => p.Setting == setting).Property.GetCustomAttribute<RangeAttribute>()!;

        var sentence = Refusal(setting, range.OperandType == typeof(TimeSpan) ? "-00:00:01" : "-1");

        Assert.Contains($": {setting} must be ", sentence, StringComparison.Ordinal);
        Assert.Contains(range.ErrorMessage!, sentence, StringComparison.Ordinal);
    }

    /// <summary>What is said at start of a setting beside others that are right.</summary>
    private static string Refusal(string setting, string value)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
                ["GitHub:WebhookSecret"] = "a secret that is long enough to be one",
                [setting.Replace("__", ":", StringComparison.Ordinal)] = value,
            })
            .Build();
        using var services = new ServiceCollection().AddPipeline(configuration).BuildServiceProvider();

        var refused = Assert.Throws<OptionsValidationException>(services.GetRequiredService<IStartupValidator>().Validate);

        return Assert.Single(refused.Failures);
    }

    private static IEnumerable<(string Setting, PropertyInfo Property)> Properties() =>
        from type in typeof(BuildOptions).Assembly.GetTypes()
        let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)
        where section is not null
        from property in type.GetProperties()
        where property.SetMethod is not null || property.PropertyType != typeof(string)
            && property.PropertyType.IsAssignableTo(typeof(System.Collections.IList))
        select ($"{section.GetValue(null)}__{property.Name}", property);

    private static JsonObject Example() =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(TestEnvironment.Root, "local.settings.json.example")))!["Values"]!.AsObject();
}
