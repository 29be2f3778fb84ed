namespace Ci.Pipeline.Source.DockerIgnore;

/// <summary>Matches paths against a glob that is taken apart into steps. Globs come from the commit: this one takes no more time
/// than the product of both lengths, and no memory but its steps (a regular expression without backtracking has hundreds of
/// kilobytes each).</summary>
internal sealed class GlobMatcher
{
    private readonly List<Step> _steps = [];

    private enum Kind
    {
        One,
        Any,
        SkipFolders,
        Folders,
    }

    public void One(Func<char, bool> isMeant) => _steps.Add(new Step(Kind.One, isMeant));

    public void One(char c) => One(other => other == c);

    /// <summary>Any number of characters of a kind.</summary>
    public void Any(Func<char, bool> isMeant) => _steps.Add(new Step(Kind.Any, isMeant));

    /// <summary>Any number of characters of a kind that a <c>/</c> ends, or nothing.</summary>
    public void Folders(Func<char, bool> isMeant)
    {
        _steps.Add(new Step(Kind.SkipFolders, isMeant));
        _steps.Add(new Step(Kind.Folders, isMeant));
    }

    public bool IsMatch(string path) => Run(path, orParent: false);

    /// <summary>Whether the whole path matches or that of a folder above it.</summary>
    public bool IsPathOrParentMatch(string path) => Run(path, orParent: true);

    private bool Run(string path, bool orParent)
    {
        var end = _steps.Count;
        Span<bool> now = end < 1024 ? stackalloc bool[end + 1] : new bool[end + 1];
        Span<bool> next = end < 1024 ? stackalloc bool[end + 1] : new bool[end + 1];
        now.Clear();
        now[0] = true;
        foreach (var c in path)
        {
            SkipOver(now);
            if (orParent && c == '/' && now[end])
            {
                return true;
            }

            next.Clear();
            if (!Follow(now, next, c))
            {
                return false;
            }

            var then = next;
            next = now;
            now = then;
        }

        SkipOver(now);
        return now[end];
    }

    /// <summary>Goes on from every step that may stand for nothing.</summary>
    private void SkipOver(Span<bool> now)
    {
        for (var i = 0; i < _steps.Count; i++)
        {
            if (now[i])
            {
                now[i + 1] |= _steps[i].Kind is Kind.Any or Kind.SkipFolders;
                now[Math.Min(i + 2, _steps.Count)] |= _steps[i].Kind == Kind.SkipFolders;
            }
        }
    }

    /// <summary>Takes one character; false if no step is left that could.</summary>
    private bool Follow(Span<bool> now, Span<bool> next, char c)
    {
        var isAlive = false;
        for (var i = 0; i < _steps.Count; i++)
        {
            if (!now[i])
            {
                continue;
            }

            var (kind, isMeant) = _steps[i];
            next[i] |= kind is Kind.Any or Kind.Folders && isMeant(c);
            next[i + 1] |= (kind == Kind.One && isMeant(c)) || (kind == Kind.Folders && c == '/');
            isAlive |= next[i] | next[i + 1];
        }

        return isAlive;
    }

    private readonly record struct Step(Kind Kind, Func<char, bool> IsMeant);
}
