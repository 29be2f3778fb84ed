using System.Text;
using Ci.Pipeline.Intake;

namespace Ci.Tests.Intake;

public sealed class WebhookBodyTests
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    public void A_json_body_is_its_own_payload(string contentType) =>
        Assert.Equal("{}", Text(WebhookBody.Json(contentType, "{}"u8.ToArray())));

    [Fact]
    public void A_form_carries_the_payload_in_a_field() =>
        Assert.Equal(
            """{"a b":"ü+&="}""",
            Text(WebhookBody.Json(
                "application/x-www-form-urlencoded",
                Encoding.UTF8.GetBytes("x=1&payload=%7B%22a+b%22%3A%22%C3%BC%2B%26%3D%22%7D"))));

    [Fact]
    public void A_form_without_the_field_is_empty() =>
        Assert.Equal("", Text(WebhookBody.Json("application/x-www-form-urlencoded", "x=1&payload"u8.ToArray())));

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/jsonp")]
    public void Other_content_types_are_not_read(string? contentType) =>
        Assert.Null(WebhookBody.Json(contentType, "{}"u8.ToArray()));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64 * 1024)]
    [InlineData(64 * 1024 + 1)]
    [InlineData(1_000_000)]
    [InlineData(WebhookBody.MaxBytes)]
    public async Task A_body_up_to_the_limit_is_read_whole_with_and_without_a_length(int size)
    {
        var bytes = new byte[size];
        Random.Shared.NextBytes(bytes);

        var known = await WebhookBody.ReadAsync(new MemoryStream(bytes), size, Cancellation);
        var chunked = await WebhookBody.ReadAsync(new MemoryStream(bytes), null, Cancellation);

        Assert.True(bytes.AsSpan().SequenceEqual(known!.Value.Span));
        Assert.True(bytes.AsSpan().SequenceEqual(chunked!.Value.Span));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_over_the_limit_is_refused_whether_or_not_it_says_so(bool tellsItsLength)
    {
        var size = WebhookBody.MaxBytes + 1;

        Assert.Null(await WebhookBody.ReadAsync(new MemoryStream(new byte[size]), tellsItsLength ? size : null, Cancellation));
    }

    private static string? Text(ReadOnlyMemory<byte>? bytes) => bytes is { } b ? Encoding.UTF8.GetString(b.Span) : null;
}
