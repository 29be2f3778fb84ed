namespace Ci.Bench;

/// <summary>A way from a commit to its pushed images.</summary>
internal interface ISide : IAsyncDisposable
{
    /// <summary>What it is called in the table.</summary>
    string Name { get; }

    /// <summary>Gets ready what is there before the clock starts.</summary>
    Task PrepareAsync(Change change);

    /// <summary>Sets it to work.</summary>
    Task<Work> BeginAsync(Change change);
}

/// <summary>What a side is at.</summary>
/// <param name="Images">The names and tags that the registry will have.</param>
/// <param name="End">Ends when the side has nothing left to do.</param>
internal sealed record Work(IReadOnlyList<(string Name, string Tag)> Images, Task End);
