using System.Text;
using Ci.Pipeline.Text;
using CsCheck;

namespace Ci.Tests.Text;

public sealed class SecretMaskTests
{
    [Theory]
    [InlineData("the token is s3cret-t0ken.", "the token is ***.")]
    [InlineData("s3cret-t0kens3cret-t0ken", "******")]
    [InlineData("S3CRET-T0KEN", "S3CRET-T0KEN")]
    public void A_secret_is_hidden_wherever_it_stands(string text, string shown) => Assert.Equal(shown, new SecretMask(["s3cret-t0ken"]).Hide(text));

    [Fact]
    public void A_private_key_is_hidden_line_by_line()
    {
        using var key = System.Security.Cryptography.RSA.Create(2048);
        var pem = key.ExportRSAPrivateKeyPem();

        Assert.DoesNotContain(pem.Split('\n')[9], new SecretMask([pem]).Hide($"it is\n{pem}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_two_secrets_the_longer_is_hidden_first() =>
        Assert.Equal("*** ***", new SecretMask(["secret", "secret-and-more"]).Hide("secret-and-more secret"));

    [Fact]
    public void A_text_too_short_to_be_a_secret_is_left() => Assert.Equal("a b c", new SecretMask(["a", ""]).Hide("a b c"));

    [Fact]
    public void The_lines_of_a_key_are_hidden_one_by_one() =>
        Assert.Equal("> ***", new SecretMask(["-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7\n"]).Hide("> MIIEpAIBAAKCAQEA7"));

    [Fact]
    public void Encoded_with_anything_before_and_behind_it_a_secret_cannot_be_decoded_from_what_is_shown() =>
        Gen.Select(Gen.Byte.Array[0, 9], Gen.Char.AlphaNumeric.Array[10, 40], Gen.Byte.Array[0, 9]).Sample((before, chars, behind) =>
        {
            var secret = new string(chars);
            var encoded = Convert.ToBase64String([.. before, .. Encoding.UTF8.GetBytes(secret), .. behind]);

            Assert.Contains(SecretMask.Shown, new SecretMask([secret]).Hide(encoded), StringComparison.Ordinal);
        });
}
