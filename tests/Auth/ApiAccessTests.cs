using Ci.Pipeline.Intake;
using Ci.Tests.Fixtures;
using Ci.Web.Auth;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Auth;

public sealed class ApiAccessTests
{
    private const string Key = "a key of some length";

    private readonly ManualTime _time = new();

    [Fact]
    public void The_key_opens() =>
        Assert.Null(ApiAccess().RefuseAccess(ApiCaller with { Key = Key, Changes = true, IsFromElsewhere = true }));

    [Fact]
    public void Nothing_does_not() => Assert.Equal(401, ApiAccess().RefuseAccess(ApiCaller)!.Status);

    [Fact]
    public void A_wrong_key_does_not_even_with_a_ticket() =>
        Assert.Equal(401, ApiAccess().RefuseAccess(ApiCaller with { Key = "a guess", Ticket = Ticket() })!.Status);

    [Fact]
    public void A_ticket_opens() => Assert.Null(ApiAccess().RefuseAccess(ApiCaller with { Ticket = Ticket(), Changes = true }));

    [Fact]
    public void A_ticket_does_not_serve_another_sites_page() =>
        Assert.Equal(403, ApiAccess().RefuseAccess(ApiCaller with { Ticket = Ticket(), Changes = true, IsFromElsewhere = true })!.Status);

    [Fact]
    public void Without_a_key_in_the_settings_it_is_closed_and_that_is_said()
    {
        var refusal = ApiAccess(new AccessOptions()).RefuseAccess(ApiCaller with { Key = "" })!;

        Assert.Equal(403, refusal.Status);
        Assert.Contains("Api__Key", refusal.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Guessing_ends_soon_and_locks_out_nobody_who_has_the_key()
    {
        var gate = ApiAccess(new AccessOptions { Key = Key, FailuresPerMinute = 3, RequestsPerMinute = 1 });

        var statuses = Enumerable.Range(0, 5).Select(i => gate.RefuseAccess(ApiCaller with { Key = $"guess {i}" })!.Status);

        Assert.Equal([401, 401, 401, 429, 429], statuses.ToArray());
        Assert.Null(gate.RefuseAccess(ApiCaller with { Key = Key }));
        Assert.Null(gate.RefuseAccess(ApiCaller with { Ticket = Ticket() }));
        Assert.True(gate.Knows(ApiCaller with { Key = Key }));
        Assert.NotNull(gate.SignIn(ApiCaller with { Key = Key }).Ticket);
        Assert.Null(gate.RefuseEntry(ApiCaller with { Key = Key }));
    }

    [Fact]
    public void Guesses_count_wherever_the_answer_would_tell_a_right_one()
    {
        var open = ApiAccess(new AccessOptions { Key = Key, FailuresPerMinute = 2 });
        var signIn = ApiAccess(new AccessOptions { Key = Key, FailuresPerMinute = 2 });

        var asked = Enumerable.Range(0, 3).Select(i => open.RefuseEntry(ApiCaller with { Key = $"guess {i}" })?.Status).ToArray();
        var tried = Enumerable.Range(0, 3).Select(i => signIn.SignIn(ApiCaller with { Key = $"guess {i}" }).Refusal!.Status).ToArray();

        Assert.Equal([null, null, 429], asked);
        Assert.Equal([401, 401, 429], tried);
        Assert.Equal(429, open.RefuseAccess(ApiCaller with { Key = "a guess" })!.Status);
        // Who guessed nothing is only counted with the rest of the requests.
        Assert.Null(open.RefuseEntry(ApiCaller));
    }

    [Fact]
    public void A_browser_signs_in_although_its_address_made_too_many_requests()
    {
        var gate = ApiAccess(new AccessOptions { Key = Key, RequestsPerMinute = 1 });
        while (gate.RefuseEntry(ApiCaller) is null)
        {
        }

        Assert.NotNull(gate.SignIn(ApiCaller with { Key = Key }).Ticket);
        Assert.Equal(429, gate.SignIn(ApiCaller with { Key = "a guess" }).Refusal!.Status);
    }

    [Fact]
    public void Who_has_the_key_may_ask_as_often_as_they_like()
    {
        var gate = ApiAccess(new AccessOptions { Key = Key, RequestsPerMinute = 1 });

        var known = Enumerable.Range(0, 3).Select(_ => gate.RefuseEntry(ApiCaller with { Key = Key })?.Status);
        var unknown = Enumerable.Range(0, 3).Select(_ => gate.RefuseEntry(ApiCaller)?.Status);

        Assert.Equal([null, null, null], known.ToArray());
        Assert.Equal([null, 429, 429], unknown.ToArray());
    }

    [Fact]
    public void Signing_in_gives_a_ticket_that_opens()
    {
        var gate = ApiAccess();

        Assert.Null(gate.RefuseAccess(ApiCaller with { Ticket = gate.SignIn(ApiCaller with { Key = Key }).Ticket }));
        Assert.Equal(401, gate.SignIn(ApiCaller with { Key = "a guess" }).Refusal!.Status);
        Assert.Equal(403, gate.SignIn(ApiCaller with { Key = Key, IsFromElsewhere = true }).Refusal!.Status);
    }

    private static ApiCaller ApiCaller => new() { Source = "203.0.113.9" };

    private string Ticket() => new ApiKeyValidator(Options.Create(new AccessOptions { Key = Key }), _time).NewTicket().Ticket;

    private ApiAccess ApiAccess(AccessOptions? options = null)
    {
        var wrapped = Options.Create(options ?? new AccessOptions { Key = Key });
        return new ApiAccess(new ApiKeyValidator(wrapped, _time), new RequestLimiter(wrapped));
    }
}
