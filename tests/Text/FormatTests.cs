using Ci.Pipeline.Text;

namespace Ci.Tests.Text;

public sealed class FormatTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_000, "1.0 kB")]
    [InlineData(9_940, "9.9 kB")]
    [InlineData(9_960, "10 kB")]
    [InlineData(84_200_000, "84 MB")]
    [InlineData(999_600, "1.0 MB")]
    [InlineData(1_240_000_000, "1.2 GB")]
    public void Sizes_are_short(long bytes, string text) => Assert.Equal(text, Format.Size(bytes));

    [Theory]
    [InlineData(0.04, "0.0 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(60, "1 min 0 s")]
    [InlineData(200, "3 min 20 s")]
    [InlineData(3900, "1 h 5 min")]
    public void Durations_are_short(double seconds, string text) => Assert.Equal(text, Format.Duration(TimeSpan.FromSeconds(seconds)));
}
