using System.Text;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Builds.Storage;
using CsCheck;

namespace Ci.Tests.Builds;

/// <summary>A log as it is stored, and as people read it.</summary>
public sealed class LogRecordTests
{
    private static readonly LogRecord[] Log =
    [
        new() { Time = 0, Stage = StageKind.Build, Image = "api", Text = "Building api" },
        new() { Time = 1.5, Step = new BuildStep { Stage = "build", Number = 2, Total = 3, Instruction = "RUN make" } },
        new() { Time = 1.6, Text = "größe \e[31m<&>\"" },
        new() { Time = 12.3, Step = new BuildStep { Stage = "build", Number = 2, Total = 3 } },
        new() { Time = 12.3, Text = " ---> done in 1.2 s", IsDetail = true },
    ];

    private const string Shown = "    0.0s  Building api\n    1.5s  Step build 2/3 : RUN make\n    1.6s  größe \e[31m<&>\"\n"
        + "   12.3s  Step build 2/3 …\n   12.3s   ---> done in 1.2 s\n";

    [Fact]
    public void What_is_stored_is_what_is_read() =>
        Assert.All(Log, record => Assert.Equal(record, LogRecord.Parse(Encoding.UTF8.GetBytes(record.ToJson()))));

    [Fact]
    public void Any_text_is_one_line() => Gen.String.Sample(text =>
    {
        var line = new LogRecord { Time = 1, Text = text }.ToJson();
        return line.IndexOf('\n') == line.Length - 1 && LogRecord.Parse(Encoding.UTF8.GetBytes(line)).Time == 1;
    });

    [Fact]
    public Task It_is_shown_from_any_byte_on() => Gen.Int[0, Encoding.UTF8.GetByteCount(Shown) + 10].SampleAsync(async offset =>
    {
        var whole = Encoding.UTF8.GetBytes(Shown);
        Assert.Equal(whole[Math.Min(offset, whole.Length)..], await TextAsync(string.Concat(Log.Select(record => record.ToJson())), offset));
    });

    [Fact]
    public async Task What_an_older_version_stored_is_shown_as_it_is()
    {
        const string Old = "    0.4s  Fetched the source\n    0.5s  Step 1/2 : FROM a\n{\n";

        Assert.Equal(Old + "    0.0s  Building api\n", Encoding.UTF8.GetString(await TextAsync(Old + Log[0].ToJson(), 0)));
    }

    [Fact]
    public async Task A_log_longer_than_a_buffer_is_shown_whole()
    {
        var lines = string.Concat(Enumerable.Range(0, 5000).Select(n => new LogRecord { Time = n, Text = new string('x', 100) }.ToJson()));

        Assert.Equal(5000 * 111, (await TextAsync(lines, 0)).Length);
        Assert.Equal((5000 * 111) - 300_000, (await TextAsync(lines, 300_000)).Length);
    }

    private static async Task<byte[]> TextAsync(string stored, long offset)
    {
        using var output = new MemoryStream();
        using var log = new MemoryStream(Encoding.UTF8.GetBytes(stored));
        await BuildLogReader.WriteTextAsync(log, offset, output, TestContext.Current.CancellationToken);
        return output.ToArray();
    }
}
