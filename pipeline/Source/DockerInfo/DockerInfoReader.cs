using System.Text.Json;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Source.DockerInfo;

/// <summary>Reads dockerInfo.json; its contract is docs/dockerInfo.md.</summary>
internal static class DockerInfoReader
{
    private const int MaxImages = 50;
    // The reader's message quotes what it does not know, whole.
    private const int MaxProblem = 300;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    public static DockerInfoResult Read(ReadOnlyMemory<byte> file)
    {
        var json = file.Span.StartsWith("\uFEFF"u8) ? file[3..] : file;
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return new DockerInfoResult.Valid(ReadRoot(document.RootElement));
        }
        catch (JsonException e)
        {
            var problem = e.Message.Length > MaxProblem ? e.Message[..MaxProblem] + "…" : e.Message;
            return new DockerInfoResult.Invalid($"it is not valid JSON: {problem}");
        }
        catch (InvalidOperationException)
        {
            // JsonDocument looks at the encoding of a text only when it is asked for it.
            return new DockerInfoResult.Invalid("it is not valid JSON: it has a text that is no valid UTF-8, or half a surrogate pair.");
        }
        catch (SourceRefusedException e)
        {
            return new DockerInfoResult.Invalid(e.Message);
        }
    }

    private static DockerInfoFile ReadRoot(JsonElement root)
    {
        var warnings = new List<string>();
        var images = root.ValueKind switch
        {
            JsonValueKind.Array => ReadImages(root, "", warnings),
            JsonValueKind.Object when root.TryGetProperty("images", out var list) => ReadWrapped(root, list, warnings),
            JsonValueKind.Object => [ReadImage(root, "", warnings)],
            _ => throw new SourceRefusedException(
                $"it is {Shown(root)}; it must be an object with service_name and version, or an array of such objects."),
        };
        var twice = images.GroupBy(image => image.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1);
        return twice is null
            ? new DockerInfoFile(images, warnings)
            : throw new SourceRefusedException($"two images have service_name \"{twice.Key}\"; each must have its own.");
    }

    private static List<ImageSpec> ReadWrapped(JsonElement root, JsonElement list, List<string> warnings)
    {
        foreach (var property in root.EnumerateObject().Where(p => p.Name is not ("images" or "$schema")))
        {
            DockerInfoObject.Warn(warnings, $"key '{DockerInfoObject.Shown(property.Name)}' beside images is unknown and has no effect");
        }

        return list.ValueKind == JsonValueKind.Array
            ? ReadImages(list, "images", warnings)
            : throw new SourceRefusedException($"images is {Shown(list)}; it must be an array of objects.");
    }

    private static List<ImageSpec> ReadImages(JsonElement list, string key, List<string> warnings)
    {
        var count = list.GetArrayLength();
        if (count is 0 or > MaxImages)
        {
            throw new SourceRefusedException(
                $"{(key.Length == 0 ? "the array" : key)} has {count} images; it must have from 1 to {MaxImages}.");
        }

        return [.. list.EnumerateArray().Select((image, i) => image.ValueKind == JsonValueKind.Object
            ? ReadImage(image, $"{key}[{i}].", warnings)
            : throw new SourceRefusedException($"{key}[{i}] is {Shown(image)}; it must be an object."))];
    }

    private static ImageSpec ReadImage(JsonElement image, string path, List<string> warnings)
    {
        var reader = new DockerInfoObject(image, path);
        reader.WarnOfUnknown(
            warnings,
            "service_name", "version", "context", "dockerfile", "target", "args", "labels", "platform", "paths", "secrets", "$schema");
        var context = reader.Path("context") ?? "";
        return new ImageSpec
        {
            Name = reader.Name("service_name"),
            Version = reader.Tag("version"),
            Context = context,
            DockerfilePath = reader.Path("dockerfile") switch
            {
                null => context.Length == 0 ? "Dockerfile" : context + "/Dockerfile",
                "" => throw reader.Wrong("dockerfile", "it must be the path of a file"),
                var dockerfile => dockerfile,
            },
            Target = reader.OptionalText("target"),
            Platform = reader.OptionalText("platform"),
            Args = reader.Texts("args"),
            Labels = reader.Texts("labels"),
            Paths = reader.Globs("paths"),
            Secrets = reader.Ids("secrets"),
        };
    }

    private static string Shown(JsonElement value) => DockerInfoObject.Shown(value);
}
