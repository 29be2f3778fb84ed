using System.Text;
using Ci.Pipeline.Intake;

namespace Ci.Tests.Intake;

public sealed class WebhookSignatureTests
{
    // GitHub's own example (docs.github.com, "Validating webhook deliveries").
    private const string Secret = "It's a Secret to Everybody";
    private const string Hash = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    [Theory]
    [InlineData("sha256=" + Hash, SignatureCheck.Valid)]
    [InlineData("sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17", SignatureCheck.Valid)]
    [InlineData(null, SignatureCheck.Missing)]
    [InlineData("", SignatureCheck.Missing)]
    [InlineData(Hash, SignatureCheck.Malformed)]
    [InlineData("sha1=" + Hash, SignatureCheck.Malformed)]
    [InlineData("sha256=757107", SignatureCheck.Malformed)]
    [InlineData("sha256=" + Hash + "00", SignatureCheck.Malformed)]
    [InlineData("sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", SignatureCheck.Malformed)]
    [InlineData("sha256=857107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", SignatureCheck.Mismatch)]
    public void A_header_is_checked_against_the_body(string? header, SignatureCheck expected) =>
        Assert.Equal(expected, new WebhookSignature(Secret).Check(header, "Hello, World!"u8));

    [Fact]
    public void One_changed_byte_of_the_body_is_noticed() =>
        Assert.Equal(SignatureCheck.Mismatch, new WebhookSignature(Secret).Check("sha256=" + Hash, "Hello, World?"u8));

    [Fact]
    public void Another_secret_is_noticed() =>
        Assert.Equal(SignatureCheck.Mismatch, new WebhookSignature("another secret").Check("sha256=" + Hash, Encoding.UTF8.GetBytes("Hello, World!")));
}
