using System.Text.RegularExpressions;

namespace Ci.Pipeline.Source.Dockerfile;

/// <summary>An instruction of a Dockerfile.</summary>
/// <param name="Line">The line that it begins on, from 1.</param>
/// <param name="Text">All of it: continued lines put together, comments within left out, here-documents below it.</param>
internal sealed record DockerfileInstruction(int Line, string Text);

/// <summary>Reads where a Dockerfile's instructions begin (Dockerfile reference: "Format", "Parser directives", "Escape",
/// "Here-Documents"). It does not understand them: it only serves to name a line to a person.</summary>
internal static partial class DockerfileParser
{
    /// <summary>The instructions, in their order; null when it is not certain where they begin.</summary>
    public static IReadOnlyList<DockerfileInstruction>? Read(string text)
    {
        var lines = text.TrimStart('\uFEFF').Split('\n');
        var escape = Escape(lines);
        var found = new List<DockerfileInstruction>();
        for (var i = 0; i < lines.Length;)
        {
            if (IsEmptyOrComment(lines[i]))
            {
                i++;
                continue;
            }

            var begin = i;
            var instruction = Join(lines, ref i, escape);
            if (AddDocuments(lines, ref i, ref instruction) is false)
            {
                return null;
            }

            found.Add(new DockerfileInstruction(begin + 1, instruction));
        }

        return found;
    }

    /// <summary>Puts an instruction's lines together; comments and empty lines within are none of it.</summary>
    private static string Join(string[] lines, ref int i, char escape)
    {
        var parts = new List<string>();
        while (i < lines.Length)
        {
            var line = lines[i++].TrimEnd('\r');
            if (parts.Count > 0 && IsEmptyOrComment(line))
            {
                continue;
            }

            var end = line.TrimEnd(' ', '\t');
            var goesOn = end.EndsWith(escape) && !(end.Length > 1 && end[^2] == escape);
            parts.Add(goesOn ? end[..^1] : line);
            if (!goesOn)
            {
                break;
            }
        }

        return string.Join(' ', parts.Select(part => part.Trim()));
    }

    /// <summary>Goes over the here-documents of an instruction; false when it is not certain that it has any, or where they end.</summary>
    private static bool AddDocuments(string[] lines, ref int i, ref string instruction)
    {
        if (!TakesDocuments().IsMatch(instruction) || !instruction.Contains("<<", StringComparison.Ordinal))
        {
            return true;
        }

        var names = new List<(string Name, bool Indented)>();
        foreach (var word in instruction.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.Contains("<<", StringComparison.Ordinal)))
        {
            if (Document().Match(word) is not { Success: true } document)
            {
                return false;
            }

            names.Add((document.Groups["name"].Value, document.Groups["dash"].Length > 0));
        }

        foreach (var (name, indented) in names)
        {
            var end = Array.FindIndex(lines, i, line => (indented ? line.TrimStart('\t') : line).TrimEnd('\r') == name);
            if (end < 0)
            {
                return false;
            }

            instruction += "\n" + string.Join('\n', lines[i..end]);
            i = end + 1;
        }

        return true;
    }

    /// <summary>The directives stand before anything else.</summary>
    private static char Escape(string[] lines) => lines
        .Select(line => Directive().Match(line)).TakeWhile(match => match.Success)
        .Where(match => match.Groups["name"].Value.Equals("escape", StringComparison.OrdinalIgnoreCase))
        .Select(match => match.Groups["value"].Value).FirstOrDefault() == "`" ? '`' : '\\';

    private static bool IsEmptyOrComment(string line) => line.AsSpan().Trim() is [] or ['#', ..];

    [GeneratedRegex(@"^\s*#\s*(?<name>[A-Za-z]+)\s*=\s*(?<value>\S+)\s*$")]
    private static partial Regex Directive();

    [GeneratedRegex(@"^(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\s", RegexOptions.IgnoreCase)]
    private static partial Regex TakesDocuments();

    [GeneratedRegex("""^\d*<<(?<dash>-?)(?:"(?<name>\w+)"|'(?<name>\w+)'|(?<name>\w+))$""")]
    private static partial Regex Document();
}
