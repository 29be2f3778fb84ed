using Ci.Pipeline.Access;
using Ci.Tests.Fixtures;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Access;

public sealed class GateTests
{
    private const string Key = "a key of some length";

    private readonly ManualTime _time = new();

    [Fact]
    public void The_key_opens() => Assert.Null(Gate().RefuseAccess(Caller with { Key = Key, Changes = true, IsFromElsewhere = true }));

    [Fact]
    public void Nothing_does_not() => Assert.Equal(401, Gate().RefuseAccess(Caller)!.Status);

    [Fact]
    public void A_wrong_key_does_not_even_with_a_ticket() =>
        Assert.Equal(401, Gate().RefuseAccess(Caller with { Key = "a guess", Ticket = Ticket() })!.Status);

    [Fact]
    public void A_ticket_opens() => Assert.Null(Gate().RefuseAccess(Caller with { Ticket = Ticket(), Changes = true }));

    [Fact]
    public void A_ticket_does_not_serve_another_sites_page() =>
        Assert.Equal(403, Gate().RefuseAccess(Caller with { Ticket = Ticket(), Changes = true, IsFromElsewhere = true })!.Status);

    [Fact]
    public void Without_a_key_in_the_settings_it_is_closed_and_that_is_said()
    {
        var refusal = Gate(new AccessOptions()).RefuseAccess(Caller with { Key = "" })!;

        Assert.Equal(403, refusal.Status);
        Assert.Contains("Api__Key", refusal.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Guessing_ends_soon_and_for_the_right_key_too()
    {
        var gate = Gate(new AccessOptions { Key = Key, FailuresPerMinute = 3 });

        var statuses = Enumerable.Range(0, 4).Select(i => gate.RefuseAccess(Caller with { Key = $"guess {i}" })!.Status);

        Assert.Equal([401, 401, 401, 429], statuses.ToArray());
        Assert.Equal(429, gate.RefuseAccess(Caller with { Key = Key })!.Status);
        Assert.Null(gate.RefuseAccess(new Caller { Source = "another", Key = Key }));
        Assert.False(gate.Knows(Caller with { Key = Key }));
    }

    [Fact]
    public void Who_has_the_key_may_ask_as_often_as_they_like()
    {
        var gate = Gate(new AccessOptions { Key = Key, RequestsPerMinute = 1 });

        var known = Enumerable.Range(0, 3).Select(_ => gate.RefuseEntry(Caller with { Key = Key })?.Status);
        var unknown = Enumerable.Range(0, 3).Select(_ => gate.RefuseEntry(Caller)?.Status);

        Assert.Equal([null, null, null], known.ToArray());
        Assert.Equal([null, 429, 429], unknown.ToArray());
    }

    [Fact]
    public void Signing_in_gives_a_ticket_that_opens()
    {
        var gate = Gate();

        Assert.Null(gate.RefuseAccess(Caller with { Ticket = gate.SignIn(Caller with { Key = Key })!.Value.Ticket }));
        Assert.Null(gate.SignIn(Caller with { Key = "a guess" }));
        Assert.Null(gate.SignIn(Caller with { Key = Key, IsFromElsewhere = true }));
    }

    private static Caller Caller => new() { Source = "203.0.113.9" };

    private string Ticket() => new AccessKeys(Options.Create(new AccessOptions { Key = Key }), _time).NewTicket().Ticket;

    private Gate Gate(AccessOptions? options = null)
    {
        var wrapped = Options.Create(options ?? new AccessOptions { Key = Key });
        return new Gate(new AccessKeys(wrapped, _time), new Throttle(wrapped));
    }
}
