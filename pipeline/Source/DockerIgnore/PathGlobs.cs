namespace Ci.Pipeline.Source.DockerIgnore;

/// <summary>The globs of <c>paths</c>, as GitHub Actions' <c>paths</c> filters read them: <c>*</c> and <c>?</c> stay within a
/// folder, <c>**</c> does not, a later <c>!glob</c> takes away what an earlier one matched.</summary>
internal static class PathGlobs
{
    public static bool Matches(IEnumerable<string> globs, IEnumerable<string> changed, CancellationToken cancellationToken = default)
    {
        (bool Negated, GlobMatcher Pattern)[] patterns = [.. globs.Select(Compile)];
        return changed.Any(path =>
        {
            cancellationToken.ThrowIfCancellationRequested();
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

    private static (bool Negated, GlobMatcher Pattern) Compile(string glob)
    {
        var negated = glob.StartsWith('!');
        var text = (negated ? glob[1..] : glob).TrimStart('/');
        var matcher = new GlobMatcher();
        for (var i = 0; i < text.Length; i++)
        {
            if (text.AsSpan(i).StartsWith("**/"))
            {
                matcher.Folders(_ => true);
                i += 2;
            }
            else if (text.AsSpan(i).StartsWith("**"))
            {
                matcher.Any(_ => true);
                i++;
            }
            else if (text[i] == '*')
            {
                matcher.Any(c => c != '/');
            }
            else if (text[i] == '?')
            {
                matcher.One(c => c != '/');
            }
            else
            {
                matcher.One(text[i]);
            }
        }

        return (negated, matcher);
    }
}
