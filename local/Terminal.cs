namespace Ci.Local;

/// <summary>Where the log is printed to.</summary>
/// <param name="CanRewrite">Whether it is a terminal, on which a line can be written anew.</param>
/// <param name="HasColours">Whether colours are wanted on it (https://no-color.org).</param>
/// <param name="Width">How many characters a line has.</param>
internal sealed record Terminal(bool CanRewrite, bool HasColours, int Width)
{
    /// <summary>What this process prints to.</summary>
    public static Terminal OfThisProcess()
    {
        var isTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not "dumb";
        return new Terminal(isTerminal, isTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")), isTerminal ? Math.Max(Console.WindowWidth, 40) : int.MaxValue);
    }
}
