using System.IO.Pipelines;
using Ci.Pipeline.Intake;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Ci.Tests.Intake;

public sealed class SlowBodyTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_that_does_not_come_is_not_waited_for()
    {
        var answer = TakeAsync(new Pipe().Reader.AsStream(), length: 1000);

        _time.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal(408, (await answer).Status);
    }

    [Fact]
    public async Task A_body_that_does_not_end_is_cut_off()
    {
        var answer = await TakeAsync(new Endless(), length: null);

        Assert.Equal(413, answer.Status);
    }

    [Fact]
    public async Task What_a_header_claims_takes_no_memory()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var answer = TakeAsync(new Pipe().Reader.AsStream(), length: WebhookBody.MaxBytes);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
        _time.Advance(TimeSpan.FromSeconds(11));
        await answer;
    }

    private async Task<DeliveryResult.Refused> TakeAsync(Stream body, long? length)
    {
        using var throttle = new RequestLimiter(Options.Create(new AccessOptions()));
        // Neither gets as far as to what takes it in.
        var intake = new WebhookReceiver(
            Options.Create(new WebhookOptions { WebhookSecret = "a long secret" }), null!, null!, null!, throttle, _time, NullLogger<WebhookReceiver>.Instance);
        var delivery = new Delivery { Event = "ping", Signature = "sha256=" + new string('0', 64), ContentType = "application/json", Length = length, Body = body };
        return Assert.IsType<DeliveryResult.Refused>(await intake.AcceptAsync(delivery, Cancellation));
    }

    private sealed class Endless : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);
    }
}
