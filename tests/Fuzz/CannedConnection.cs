using Ci.Tests.Fixtures;

namespace Ci.Tests.Fuzz;

/// <summary>A connection to a server that says the same bytes to whatever it is asked, and hangs up.</summary>
internal sealed class CannedConnection(byte[] answer) : MemoryStream(answer, writable: false)
{
    public override bool CanWrite => true;

    /// <summary>A client all of whose connections are such.</summary>
    public static HttpClient Client(byte[] answer)
    {
#pragma warning disable CA2000 // The client disposes of it.
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new CannedConnection(answer)),
            UseProxy = false,
        };
#pragma warning restore CA2000
        return new HttpClient(handler)
        {
            BaseAddress = new Uri("http://canned.invalid/"),
            Timeout = TestEnvironment.Limit,
            MaxResponseContentBufferSize = 4 << 20,
        };
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.CompletedTask;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.CompletedTask;
}
