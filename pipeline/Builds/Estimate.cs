namespace Ci.Pipeline.Builds;

/// <summary>How long a build is likely to take, by the repository's earlier ones.</summary>
/// <param name="Builds">How many there were to go by.</param>
/// <param name="Time">Their median.</param>
public sealed record Estimate(int Builds, TimeSpan Time)
{
    /// <summary>How many of the newest count.</summary>
    public const int Most = 10;

    /// <summary>The estimate of builds that succeeded; null when there is none to go by.</summary>
    public static Estimate? Of(IEnumerable<Build> succeeded)
    {
        var times = succeeded.Where(build => build.Images.Count > 0).Select(TimeOf).OfType<TimeSpan>().Order().ToArray();
        return times.Length == 0 ? null : new Estimate(times.Length, times[times.Length / 2]);
    }

    /// <summary>How long a build that has ended took; null if it has not, or never began.</summary>
    public static TimeSpan? TimeOf(Build build) =>
        build.FinishedAt - build.StartedAt is { } time && time >= TimeSpan.Zero ? time : null;
}
