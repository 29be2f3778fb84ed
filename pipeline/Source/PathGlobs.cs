using System.Text;
using System.Text.RegularExpressions;

namespace Ci.Pipeline.Source;

/// <summary>
/// The globs of <c>paths</c>, as GitHub Actions' <c>paths</c> filters read them: <c>*</c> and <c>?</c> stay within a
/// folder, <c>**</c> does not, a later <c>!glob</c> takes away what an earlier one matched.
/// </summary>
public static class PathGlobs
{
    /// <summary>Whether any of the changed paths is matched.</summary>
    public static bool Matches(IEnumerable<string> globs, IEnumerable<string> changed)
    {
        (bool Negated, Regex Pattern)[] patterns = [.. globs.Select(Compile)];
        return changed.Any(path =>
        {
            var matched = false;
            foreach (var (negated, pattern) in patterns)
            {
                if (pattern.IsMatch(path))
                {
                    matched = !negated;
                }
            }

            return matched;
        });
    }

    private static (bool Negated, Regex Pattern) Compile(string glob)
    {
        var negated = glob.StartsWith('!');
        var text = (negated ? glob[1..] : glob).TrimStart('/');
        var regex = new StringBuilder(@"\A");
        for (var i = 0; i < text.Length; i++)
        {
            if (text.AsSpan(i).StartsWith("**/"))
            {
                regex.Append("(?:.*/)?");
                i += 2;
            }
            else if (text.AsSpan(i).StartsWith("**"))
            {
                regex.Append(".*");
                i++;
            }
            else
            {
                regex.Append(text[i] switch { '*' => "[^/]*", '?' => "[^/]", var c => Regex.Escape(c.ToString()) });
            }
        }

        // Globs come from the commit: the engine without backtracking cannot be kept busy by one.
        return (negated, new Regex(regex.Append(@"\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.Singleline));
    }
}
