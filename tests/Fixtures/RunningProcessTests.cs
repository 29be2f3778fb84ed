namespace Ci.Tests.Fixtures;

/// <summary>An end that is waited for is one with all that was printed.</summary>
public sealed class RunningProcessTests : IDisposable
{
    private readonly string _marker = Path.Combine(Directory.CreateTempSubdirectory("ci-marker-").FullName, "open");

    public static TheoryData<string> Waits => ["until HasExited", "WaitForExitAsync", "StopAsync", "DisposeAsync"];

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_marker)!, recursive: true);

    [Theory]
    [MemberData(nameof(Waits))]
    public async Task What_is_printed_when_the_program_itself_has_gone_is_in_its_output(string how)
    {
        // What it leaves behind holds its output open until the marker is there, as a slow machine does with a program's last lines.
        await using var program = RunningProcess.Start(
            "sh", ["-c", $"(until test -e '{_marker}'; do sleep 0.02; done; echo late) & echo early"]);
        await TestEnvironment.UntilAsync(() => Task.FromResult(IsGone(program.Id)), "the program to go");

        var end = how switch
        {
            "until HasExited" => TestEnvironment.UntilAsync(() => Task.FromResult(program.HasExited), "its end"),
            "WaitForExitAsync" => program.WaitForExitAsync(),
            "StopAsync" => program.StopAsync(),
            _ => program.DisposeAsync().AsTask(),
        };
        Assert.False(end.IsCompleted);
        await File.WriteAllTextAsync(_marker, "", TestContext.Current.CancellationToken);
        await end;

        Assert.Equal("early late", string.Join(' ', program.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task A_program_that_ends_instead_of_getting_ready_fails_at_once_with_what_it_said()
    {
        await using var program = RunningProcess.Start("sh", ["-c", "echo no disk >&2; exit 3"]);

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => program.ReadyAsync(() => Task.FromResult(false), "the part"));

        Assert.Equal("the part ended with 3 instead of being there:\nno disk\n", failure.Message.ReplaceLineEndings("\n"));
    }

    /// <summary>Whether the kernel has no more of it than its exit code.</summary>
    private static bool IsGone(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[1][0] == 'Z';
        }
        catch (IOException)
        {
            return true;
        }
    }
}
