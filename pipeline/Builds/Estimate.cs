namespace Ci.Pipeline.Builds;

/// <summary>How long a build is likely to take: the median of so many of the repository's newest.</summary>
public sealed record Estimate(int Builds, TimeSpan Time)
{
    public const int Most = 10;

    public static Estimate? Of(IEnumerable<Build> succeeded)
    {
        var times = succeeded.Where(build => build.Images.Count > 0).Select(TimeOf).OfType<TimeSpan>().Order().ToArray();
        return times.Length == 0 ? null : new Estimate(times.Length, times[times.Length / 2]);
    }

    public static TimeSpan? TimeOf(Build build) =>
        build.FinishedAt - build.StartedAt is { } time && time >= TimeSpan.Zero ? time : null;
}
