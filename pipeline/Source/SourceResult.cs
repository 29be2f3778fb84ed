namespace Ci.Pipeline.Source;

/// <summary>What fetching a commit gave; what a retry can cure is an exception.</summary>
public abstract record SourceResult
{
    /// <summary>The source; whoever has it disposes of it.</summary>
    public sealed record Fetched(CommitSource Source) : SourceResult;

    /// <summary>It cannot be fetched or built, however often it is tried.</summary>
    public sealed record Refused(string Reason) : SourceResult;
}
