namespace Ci.Local;

/// <summary>Where the log is printed to.</summary>
/// <param name="CanRewrite">Whether it is a terminal, on which a line can be written anew.</param>
/// <param name="HasColours">Whether colours are wanted on it (https://no-color.org).</param>
/// <param name="Width">In characters.</param>
internal sealed record Terminal(bool CanRewrite, bool HasColours, int Width)
{
    public static Terminal OfThisProcess()
    {
        var isTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not "dumb";
        var hasColours = isTerminal && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new Terminal(isTerminal, hasColours, isTerminal ? Math.Max(Console.WindowWidth, 40) : int.MaxValue);
    }
}
