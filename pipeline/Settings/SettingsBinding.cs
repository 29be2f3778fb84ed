using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Settings;

/// <summary>Binds settings to options. A value that cannot be read is reported as a validator reports one that is not allowed.</summary>
internal static class SettingsBinding
{
    /// <exception cref="OptionsValidationException">Values that cannot be read, a sentence each.</exception>
    public static void BindTo<TOptions>(this IConfigurationSection section, TOptions options)
        where TOptions : class
    {
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException e)
        {
            var unreadable =
                from property in typeof(TOptions).GetProperties()
                let value = section[property.Name]
                where value is not null && !IsReadable(property.PropertyType, value)
                select Explain($"{section.Path.Replace(":", "__", StringComparison.Ordinal)}__{property.Name}", value, property);
            throw new OptionsValidationException(Options.DefaultName, typeof(TOptions), unreadable.DefaultIfEmpty(e.Message).ToList());
        }
    }

    private static bool IsReadable(Type type, string value)
    {
        try
        {
            TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value);
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>What the option's own rule says, if it begins with the setting's name; else of which kind the value is.</summary>
    private static string Explain(string setting, string value, PropertyInfo property)
    {
        var rule = property.GetCustomAttributes<ValidationAttribute>()
            .Select(attribute => attribute.ErrorMessage)
            .FirstOrDefault(message => message?.StartsWith(setting + " must ", StringComparison.Ordinal) == true);
        return $"{setting} is '{value}'; it{rule?[setting.Length..] ?? $" must be {KindOf(property.PropertyType)}."}";
    }

    private static string KindOf(Type type) => Type.GetTypeCode(Nullable.GetUnderlyingType(type) ?? type) switch
    {
        TypeCode.Boolean => "true or false",
        TypeCode.Int32 or TypeCode.Int64 => "a whole number",
        TypeCode.Double => "a number",
        _ when type == typeof(TimeSpan) => "a time like 00:30:00",
        _ => "of type " + type.Name,
    };
}
