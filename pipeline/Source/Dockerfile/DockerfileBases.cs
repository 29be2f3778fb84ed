using System.Text.RegularExpressions;

namespace Ci.Pipeline.Source.Dockerfile;

/// <summary>Finds the images that a Dockerfile takes from outside (Dockerfile reference: "FROM", "Understand how ARG and FROM
/// interact", "COPY --from", "RUN --mount"). Of a file that it does not understand for certain it says nothing.</summary>
internal static partial class DockerfileBases
{
    private const string NoImage = "scratch";

    /// <summary>The references, as they stand there with their arguments filled in; null when it is not certain which they are,
    /// or when the file takes something else from outside (<c>ADD https://…</c>).</summary>
    /// <param name="text">The Dockerfile.</param>
    /// <param name="args">The build's arguments.</param>
    public static IReadOnlyList<string>? Find(string text, IReadOnlyDictionary<string, string> args)
    {
        if (ForeignSyntax().IsMatch(text) || DockerfileParser.Read(text) is not { } instructions)
        {
            return null;
        }

        var found = new Reading(args);
        return instructions.All(instruction => found.Add(instruction.Text)) ? [.. found.Images.Order(StringComparer.Ordinal)] : null;
    }

    private sealed class Reading(IReadOnlyDictionary<string, string> args)
    {
        private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
        private readonly HashSet<string> _stages = new(StringComparer.OrdinalIgnoreCase);
        private static readonly System.Buffers.SearchValues<char> Unread = System.Buffers.SearchValues.Create("$\\\"'{}");

        private int _count;

        public HashSet<string> Images { get; } = new(StringComparer.Ordinal);

        /// <summary>Takes an instruction; false when it is not certain what it takes.</summary>
        public bool Add(string text)
        {
            // What a here-document says is run in a container, and takes no image.
            string[] words = text.Split('\n', 2)[0].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            var flags = words.Skip(1).TakeWhile(word => word.StartsWith("--", StringComparison.Ordinal)).ToList();
            string[] rest = [.. words.Skip(1 + flags.Count)];
            return words[0].ToUpperInvariant() switch
            {
                "ARG" when _count == 0 => Declare(text[3..]),
                "FROM" => From(rest),
                "COPY" => flags.All(flag => !flag.StartsWith("--from=", StringComparison.Ordinal) || Take(flag["--from=".Length..])),
                "RUN" => flags.All(Mount),
                // What an address gives may change, and so may what an argument names.
                "ADD" => !text.Contains("://", StringComparison.Ordinal)
                    && !text.Contains("git@", StringComparison.Ordinal) && !text.Contains('$', StringComparison.Ordinal),
                _ => true,
            };
        }

        private bool Declare(string text)
        {
            foreach (Match match in Argument().Matches(text))
            {
                var name = match.Groups["name"].Value;
                var value = args.TryGetValue(name, out var given) ? given
                    : match.Groups["value"].Success ? Expand(match.Groups["value"].Value.Trim('"', '\''))
                    : "";
                if (value is null)
                {
                    _values.Remove(name);
                }
                else
                {
                    _values[name] = value;
                }
            }

            return Argument().Replace(text, "").Trim().Length == 0;
        }

        private bool From(string[] words)
        {
            if (words is not ([_] or [_, _, _]) || (words.Length == 3 && !words[1].Equals("AS", StringComparison.OrdinalIgnoreCase))
                || Expand(words[0]) is not { Length: > 0 } image)
            {
                return false;
            }

            if (image != NoImage && !_stages.Contains(image))
            {
                Images.Add(image);
            }

            _count++;
            if (words.Length == 3)
            {
                _stages.Add(words[2]);
            }

            return true;
        }

        private bool Mount(string flag)
        {
            const string mount = "--mount=";
            const string from = "from=";
            return !flag.StartsWith(mount, StringComparison.Ordinal)
                || flag[mount.Length..].Split(',')
                    .Where(part => part.StartsWith(from, StringComparison.Ordinal)).All(part => Take(part[from.Length..]));
        }

        /// <summary>A stage that was, by its name or number, or an image.</summary>
        private bool Take(string source)
        {
            if (int.TryParse(source, out var number))
            {
                return number < _count;
            }

            if (source.AsSpan().ContainsAny(Unread))
            {
                return false;
            }

            if (!_stages.Contains(source))
            {
                Images.Add(source);
            }

            return true;
        }

        /// <summary>Fills in arguments; null when one is not known, or stands there in a way that is not read here.</summary>
        private string? Expand(string text)
        {
            var known = true;
            var expanded = Variable().Replace(text, match =>
            {
                if (_values.TryGetValue(match.Groups["name"].Value, out var value)
                    && (value.Length > 0 || match.Groups["default"].Value.Length == 0))
                {
                    return value;
                }

                known &= match.Groups["default"].Success;
                return match.Groups["default"].Value;
            });
            return known && !expanded.AsSpan().ContainsAny(Unread) ? expanded : null;
        }
    }

    // Another front end may read the file in its own way; docker's own reads it as it is written down.
    [GeneratedRegex(
        @"^\s*(#|//)\s*syntax\s*=\s*(?!(docker\.io/)?docker/dockerfile(:\S*|@\S*)?\s*$)",
        RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex ForeignSyntax();

    [GeneratedRegex("""\s(?<name>[A-Za-z_]\w*)(?:=(?<value>"[^"\\]*"|'[^'\\]*'|[^\s"'\\]*))?(?=\s|$)""")]
    private static partial Regex Argument();

    [GeneratedRegex(@"\$(?:(?<name>[A-Za-z_]\w*)|\{(?<name>[A-Za-z_]\w*)(?::-(?<default>[^{}$]*))?\})")]
    private static partial Regex Variable();
}
