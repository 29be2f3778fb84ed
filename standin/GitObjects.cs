using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Ci.StandIn;

/// <summary>Reads a repository's objects through one <c>git cat-file --batch</c>, which is there until this is disposed of.</summary>
internal sealed class GitObjects(Func<Process> start) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private Process? _git;

    /// <summary>An object's kind and content; null if there is none of that name.</summary>
    public async Task<(string Kind, byte[] Content)?> ReadAsync(string name)
    {
        await _turn.WaitAsync();
        try
        {
            _git ??= start();
            await _git.StandardInput.WriteAsync(name + "\n");
            await _git.StandardInput.FlushAsync();
            var output = _git.StandardOutput.BaseStream;
            // "NAME KIND LENGTH", or "NAME missing".
            if ((await LineAsync(output)).Split(' ') is not [_, var kind, var length])
            {
                return null;
            }

            var content = new byte[int.Parse(length, CultureInfo.InvariantCulture) + 1];
            await output.ReadExactlyAsync(content);
            return (kind, content[..^1]);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _git?.StandardInput.Close();
        _git?.WaitForExit();
        _git?.Dispose();
        _turn.Dispose();
    }

    private static async Task<string> LineAsync(Stream output)
    {
        var line = new List<byte>();
        var next = new byte[1];
        while (await output.ReadAsync(next) == 1 && next[0] != '\n')
        {
            line.Add(next[0]);
        }

        return Encoding.UTF8.GetString([.. line]);
    }
}
