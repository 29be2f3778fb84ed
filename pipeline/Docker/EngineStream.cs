using System.Runtime.CompilerServices;
using Ci.BuildKit;
using Ci.Pipeline.Builds;

namespace Ci.Pipeline.Docker;

/// <summary>Reads the engine's JSON stream line by line, in order, to its end.</summary>
internal static class EngineStream
{
    /// <exception cref="ImageUnavailableException">It was broken off in the middle of a line, or is not JSON.</exception>
    public static async IAsyncEnumerable<EngineLine> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream);
        while (await NextAsync(reader, cancellationToken) is { } line)
        {
            yield return line;
        }
    }

    private static async Task<EngineLine?> NextAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            string? text;
            do
            {
                text = await reader.ReadLineAsync(cancellationToken);
            }
            while (text is "");
            return text is null ? null : EngineLine.Parse(text);
        }
        catch (EngineUnavailableException e)
        {
            throw new ImageUnavailableException(e.Message, e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            throw new ImageUnavailableException("The engine broke off its answer.", e);
        }
    }
}
