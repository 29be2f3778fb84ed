using Ci.Pipeline.Intake;
using Ci.Tests.Fixtures;
using Ci.Web.Auth;
using Microsoft.Extensions.Options;

namespace Ci.Tests.Auth;

public sealed class ApiKeyValidatorTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Only_the_key_is_the_key()
    {
        var keys = Keys("a key of some length");

        Assert.True(keys.IsKey("a key of some length"));
        Assert.All<string?>(
            ["a key of some lengt", "A key of some length", "a key of some length ", "", null], key => Assert.False(keys.IsKey(key)));
    }

    [Fact]
    public void While_none_is_set_nothing_is_the_key()
    {
        var keys = Keys("");

        Assert.False(keys.IsKey(""));
        Assert.False(keys.IsTicket(keys.NewTicket().Ticket));
    }

    [Fact]
    public void A_ticket_is_good_until_its_time_is_over()
    {
        var keys = Keys("a key of some length");
        var (ticket, ends) = keys.NewTicket();

        Assert.True(keys.IsTicket(ticket));
        _time.Advance(ends - _time.GetUtcNow());
        Assert.False(keys.IsTicket(ticket));
    }

    [Fact]
    public void A_ticket_does_not_hold_the_key() =>
        Assert.DoesNotContain("a key of some length", Keys("a key of some length").NewTicket().Ticket, StringComparison.Ordinal);

    [Fact]
    public void A_ticket_whose_time_was_changed_is_none()
    {
        var keys = Keys("a key of some length");
        var parts = keys.NewTicket().Ticket.Split('.');

        Assert.False(keys.IsTicket($"9{parts[0]}.{parts[1]}"));
        Assert.False(keys.IsTicket($"{parts[0]}."));
        Assert.False(keys.IsTicket(parts[0]));
        Assert.False(keys.IsTicket(null));
    }

    [Fact]
    public void Another_keys_ticket_is_none() =>
        Assert.False(Keys("a key of some length").IsTicket(Keys("another key of some length").NewTicket().Ticket));

    private ApiKeyValidator Keys(string key) => new(Options.Create(new AccessOptions { Key = key }), _time);
}
