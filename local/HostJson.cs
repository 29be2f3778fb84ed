using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Ci.Local;

/// <summary>How message texts are stored in a queue.</summary>
internal enum MessageEncoding
{
    Base64,

    None,
}

/// <summary>What <c>extensions.queues</c> in host.json says, with the Functions host's defaults.</summary>
internal sealed record QueueSettings
{
    public int BatchSize { get; init; } = 16;

    /// <summary>The next batch is fetched when no more than this many still run.</summary>
    public int NewBatchThreshold { get; init; } = 8 * Environment.ProcessorCount;

    /// <summary>How often a message is tried before it goes to the poison queue.</summary>
    public int MaxDequeueCount { get; init; } = 5;

    /// <summary>How long a message waits after a failure.</summary>
    public TimeSpan VisibilityTimeout { get; init; } = TimeSpan.Zero;

    /// <summary>The longest pause between two looks into an empty queue.</summary>
    public TimeSpan MaxPollingInterval { get; init; } = TimeSpan.FromMinutes(1);
    public MessageEncoding MessageEncoding { get; init; } = MessageEncoding.Base64;
}

/// <summary>The part of host.json that this host reads; keys of others are left alone, as the Functions host leaves them.</summary>
internal sealed record HostJson
{
    public const string DefaultRoutePrefix = "api";

    /// <summary>As the Functions host reads its files.</summary>
    internal static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public string RoutePrefix { get; init; } = DefaultRoutePrefix;

    /// <summary>After how long a function is cancelled; null for never.</summary>
    public TimeSpan? FunctionTimeout { get; init; } = TimeSpan.FromMinutes(30);
    public QueueSettings Queues { get; init; } = new();

    /// <summary>The names of the functions that run; null for all.</summary>
    public IReadOnlyList<string>? Functions { get; init; }

    /// <summary>The least level that is logged by category; <c>default</c> is all others.</summary>
    public IReadOnlyDictionary<string, LogLevel> LogLevels { get; init; } = new Dictionary<string, LogLevel>();

    /// <exception cref="HostException">A value is wrong; the message names its key, the value and what is allowed.</exception>
    public static HostJson Parse(string text)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, Lenient);
        }
        catch (JsonException e)
        {
            throw new HostException($"host.json is no JSON: {e.Message}");
        }

        using (document)
        {
            var root = new Reader(document.RootElement, "");
            if (root.Text("version", "") is var version && version != "2.0")
            {
                throw new HostException($"host.json: version is '{version}'; it must be \"2.0\".");
            }

            return new HostJson
            {
                RoutePrefix = root.Child("extensions").Child("http").Text("routePrefix", DefaultRoutePrefix).Trim('/'),
                FunctionTimeout = root.Text("functionTimeout", "") == "-1"
                    ? null
                    : root.Time("functionTimeout", TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(1), "or \"-1\" for no limit"),
                Queues = ParseQueues(root.Child("extensions").Child("queues")),
                Functions = root.Names("functions"),
                LogLevels = root.Child("logging").Child("logLevel").Levels(),
            };
        }
    }

    private static QueueSettings ParseQueues(Reader queues)
    {
        var defaults = new QueueSettings();
        var batchSize = queues.Integer("batchSize", defaults.BatchSize, 1, 32);
        return new QueueSettings
        {
            BatchSize = batchSize,
            NewBatchThreshold = queues.Integer("newBatchThreshold", batchSize / 2 * Environment.ProcessorCount, 0, int.MaxValue),
            MaxDequeueCount = queues.Integer("maxDequeueCount", defaults.MaxDequeueCount, 1, int.MaxValue),
            VisibilityTimeout = queues.Time(
                "visibilityTimeout", defaults.VisibilityTimeout, TimeSpan.Zero, "7 days at most", TimeSpan.FromDays(7)),
            MaxPollingInterval = queues.Time("maxPollingInterval", defaults.MaxPollingInterval, TimeSpan.FromMilliseconds(100)),
            MessageEncoding = queues.OneOf<MessageEncoding>("messageEncoding", defaults.MessageEncoding),
        };
    }

    /// <summary>One object of the file, with the path to it for messages.</summary>
    private readonly record struct Reader(JsonElement Element, string Path)
    {
        public Reader Child(string key)
        {
            if (Find(key) is not { } child)
            {
                return new Reader(default, Path + key + ".");
            }

            return child.ValueKind == JsonValueKind.Object
                ? new Reader(child, Path + key + ".")
                : throw Wrong(key, child, "it must be an object");
        }

        public string Text(string key, string fallback) => Find(key) is not { } value ? fallback
            : value.ValueKind == JsonValueKind.String ? value.GetString()!
            : throw Wrong(key, value, "it must be a text in quotes");

        public int Integer(string key, int fallback, int least, int most) => Find(key) is not { } value ? fallback
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most ? number
            : throw Wrong(
                key, value, most == int.MaxValue ? $"it must be a number, {least} or more" : $"it must be a number from {least} to {most}");

        public TimeSpan Time(string key, TimeSpan fallback, TimeSpan least, string? also = null, TimeSpan? most = null)
        {
            if (Find(key) is not { } value)
            {
                return fallback;
            }

            return value.ValueKind == JsonValueKind.String
                && TimeSpan.TryParse(value.GetString(), CultureInfo.InvariantCulture, out var time)
                && time >= least && time <= (most ?? TimeSpan.MaxValue)
                ? time
                : throw Wrong(key, value, $"it must be a time like \"00:00:30\", {least:c} at least{(also is null ? "" : ", " + also)}");
        }

        public T OneOf<T>(string key, T fallback)
            where T : struct, Enum =>
            Find(key) is { } value ? Named<T>(key, value) : fallback;

        public IReadOnlyList<string>? Names(string key) => Find(key) is not { } value ? null
            : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
                ? [.. value.EnumerateArray().Select(name => name.GetString()!)]
                : throw Wrong(key, value, "it must be a list of names in quotes");

        public Dictionary<string, LogLevel> Levels()
        {
            var levels = new Dictionary<string, LogLevel>();
            if (Element.ValueKind == JsonValueKind.Object)
            {
                foreach (var level in Element.EnumerateObject())
                {
                    levels[level.Name] = Named<LogLevel>(level.Name, level.Value);
                }
            }

            return levels;
        }

        private T Named<T>(string key, JsonElement value)
            where T : struct, Enum =>
            value.ValueKind == JsonValueKind.String && !int.TryParse(value.GetString(), out _)
                && Enum.TryParse<T>(value.GetString(), ignoreCase: true, out var named)
                ? named
                : throw Wrong(key, value, $"it must be one of {string.Join(", ", Enum.GetNames<T>().Select(name => $"\"{name}\""))}");

        private HostException Wrong(string key, JsonElement value, string allowed) =>
            new($"host.json: {Path}{key} is {value.GetRawText()}; {allowed}.");

        // The Functions host reads its keys without regard to case.
        private JsonElement? Find(string key)
        {
            if (Element.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            foreach (var property in Element.EnumerateObject())
            {
                if (property.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
                {
                    return property.Value;
                }
            }

            return null;
        }
    }
}
