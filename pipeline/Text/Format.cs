using System.Globalization;

namespace Ci.Pipeline.Text;

public static class Format
{
    /// <summary><c>812 B</c>, <c>1.2 MB</c>, <c>84 MB</c> (decimal, as docker prints them).</summary>
    public static string Size(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        double value = bytes;
        var unit = 0;
        while (value >= 999.5 && unit < units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        var format = unit == 0 || value >= 9.95 ? "0" : "0.0";
        return value.ToString(format, CultureInfo.InvariantCulture) + " " + units[unit];
    }

    /// <summary><c>0.4 s</c>, <c>41 s</c>, <c>3 min 20 s</c>, <c>1 h 5 min</c>.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 9.95 } => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s",
        { TotalSeconds: < 59.5 } => time.TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + " s",
        { TotalMinutes: < 1 } => "1 min 0 s",
        { TotalMinutes: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
    };

    /// <summary><c>now</c>, <c>40 s ago</c>, <c>3 min ago</c>, <c>5 h ago</c>, <c>12 days ago</c>.</summary>
    public static string Ago(TimeSpan time) => time switch
    {
        { TotalSeconds: < 5 } => "now",
        { TotalSeconds: < 60 } => Number((int)time.TotalSeconds) + " s ago",
        { TotalMinutes: < 60 } => Number((int)time.TotalMinutes) + " min ago",
        { TotalHours: < 48 } => Number((int)time.TotalHours) + " h ago",
        _ => Number((int)time.TotalDays) + " days ago",
    };

    /// <summary><c>2026-01-31 10:00:01 UTC</c>.</summary>
    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>The first 12 digits.</summary>
    public static string Commit(string sha) => sha.Length > 12 ? sha[..12] : sha;

    public static string Digest(string digest) => digest.Length > 19 ? digest[..19] : digest;

    public static string Word(Enum member) => member.ToString().ToLowerInvariant();

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
