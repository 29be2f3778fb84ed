using System.Text.Json;
using System.Text.RegularExpressions;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Source.DockerInfo;

/// <summary>One image's object in dockerInfo.json; what is wrong is refused with the key, the value and what is allowed.</summary>
internal sealed partial class DockerInfoObject(JsonElement element, string path)
{
    private const int MaxShown = 80;
    private const int MaxWarnings = 20;
    private const int MaxGlobs = 200;
    private const int MaxGlobLength = 500;
    private const int MaxIds = 50;

    public static string Shown(JsonElement value) => Shown(value.GetRawText());

    public static string Shown(string text) => text.Length > MaxShown ? text[..MaxShown] + "…" : text;

    public static void Warn(List<string> warnings, string warning)
    {
        if (warnings.Count <= MaxWarnings)
        {
            warnings.Add(warnings.Count < MaxWarnings ? warning : "there is more that is odd");
        }
    }

    public void WarnOfUnknown(List<string> warnings, params string[] known)
    {
        foreach (var property in element.EnumerateObject().Where(p => !known.Contains(p.Name)))
        {
            var meant = known.FirstOrDefault(k => k.Equals(property.Name, StringComparison.OrdinalIgnoreCase));
            var hint = meant is null ? "" : $"; did you mean '{meant}'?";
            Warn(warnings, $"key '{path}{Shown(property.Name)}' is unknown and has no effect{hint}");
        }
    }

    public string Name(string key)
    {
        var name = RequiredText(key, "it must be the image's repository name");
        if (ImageName.IsRepository(name))
        {
            return name;
        }

        var lower = name.ToLowerInvariant();
        var hint = ImageName.IsRepository(lower) ? $"; \"{lower}\" would do" : "";
        throw Wrong(key, $"it must be {ImageName.RepositoryRule}{hint}");
    }

    public string Tag(string key)
    {
        var tag = RequiredText(key, "it must be the tag of a release, like \"0.1.0\"");
        return ImageName.IsTag(tag) ? tag : throw Wrong(key, $"it must be {ImageName.TagRule}");
    }

    public string? OptionalText(string key) =>
        !element.TryGetProperty(key, out var value) ? null
        : value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text
        : throw Wrong(key, "it must be a text that is not empty");

    /// <summary>A path in the repository without <c>.</c> and doubled slashes; empty for the root, null if the key is not there.</summary>
    public string? Path(string key)
    {
        if (OptionalText(key) is not { } text)
        {
            return null;
        }

        var parts = new List<string>();
        foreach (var part in text.Split('/').Where(part => part is not ("" or ".")))
        {
            if (part == ".." && parts.Count > 0 && parts[^1] != "..")
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                parts.Add(part);
            }
        }

        return text.StartsWith('/') || text.AsSpan().ContainsAny('\\', '\0') || parts.Contains("..")
            ? throw Wrong(key, "it must be a path inside the repository, relative to its root, with forward slashes")
            : string.Join('/', parts);
    }

    public IReadOnlyDictionary<string, string> Texts(string key)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        if (element.TryGetProperty(key, out var value))
        {
            if (value.ValueKind != JsonValueKind.Object)
            {
                throw Wrong(key, "it must be an object of texts");
            }

            foreach (var property in value.EnumerateObject())
            {
                texts[property.Name] = property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString()!
                    : throw new SourceRefusedException(
                        $"{path}{key}.{Shown(property.Name)} is {Shown(property.Value)}; it must be a text in quotes.");
            }
        }

        return texts;
    }

    public IReadOnlyList<string> Globs(string key)
    {
        if (!element.TryGetProperty(key, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() is > 0 and <= MaxGlobs
            && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String && v.GetString()!.Length is > 0 and <= MaxGlobLength)
            ? [.. value.EnumerateArray().Select(v => v.GetString()!)]
            : throw Wrong(
                key, $"it must be an array of globs, like [\"api/**\"]; at most {MaxGlobs}, of {MaxGlobLength} characters at most");
    }

    public IReadOnlyList<string> Ids(string key)
    {
        if (!element.TryGetProperty(key, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() <= MaxIds
            && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String && Id().IsMatch(v.GetString()!))
            ? [.. value.EnumerateArray().Select(v => v.GetString()!).Distinct(StringComparer.Ordinal)]
            : throw Wrong(
                key,
                $"it must be an array of names of secrets, like [\"npm_token\"], of letters, digits, '_', '-' and '.'; at most {MaxIds}");
    }

    public SourceRefusedException Wrong(string key, string allowed) =>
        new($"{path}{key} is {Shown(element.GetProperty(key))}; {allowed}.");

    private string RequiredText(string key, string allowed) =>
        !element.TryGetProperty(key, out var value) ? throw new SourceRefusedException($"{path}{key} is missing; {allowed}.")
        : value.ValueKind == JsonValueKind.String ? value.GetString()!
        : throw Wrong(key, "it must be a text in quotes");

    // What can be the name of a setting, and of a file below /run/secrets.
    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
    private static partial Regex Id();
}
