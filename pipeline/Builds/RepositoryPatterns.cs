namespace Ci.Pipeline.Builds;

/// <summary>Settings that name repositories: <c>owner/name</c> or <c>owner/*</c> with commas between, or <c>*</c> for all.</summary>
internal static class RepositoryPatterns
{
    public static bool Match(string patterns, string repository) =>
        patterns.Split(',', StringSplitOptions.TrimEntries).Any(pattern =>
            pattern == "*"
            || pattern.Equals(repository, StringComparison.OrdinalIgnoreCase)
            || (pattern.EndsWith("/*", StringComparison.Ordinal)
                && repository.StartsWith(pattern[..^1], StringComparison.OrdinalIgnoreCase)));
}
