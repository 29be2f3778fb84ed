using System.Security.Cryptography;
using System.Text;

namespace Ci.Pipeline.Builds;

/// <summary>Names a build: the same repository, pull request, commit and purpose always give the same id, so that a delivery seen
/// twice is one build; and nobody without the webhook secret can guess it, so that a build's page may be linked from GitHub while the
/// host is open to the internet.</summary>
public sealed class BuildId
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private readonly byte[] _key;

    public BuildId(string webhookSecret)
    {
        _key = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(webhookSecret), 32, info: "ci build id v1"u8.ToArray());
    }

    /// <summary>26 characters <c>a-z2-7</c>: 130 bits of HMAC-SHA256.</summary>
    public string Of(string repository, int pullRequest, string commit, BuildPurpose purpose)
    {
        var text = $"{repository.ToLowerInvariant()}\n{pullRequest}\n{commit.ToLowerInvariant()}\n{purpose}";
        var hash = HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text));
        return string.Create(26, hash, static (id, hash) =>
        {
            for (var i = 0; i < id.Length; i++)
            {
                var bit = i * 5;
                var pair = (hash[bit / 8] << 8) | hash[(bit / 8) + 1];
                id[i] = Alphabet[(pair >> (11 - (bit % 8))) & 31];
            }
        });
    }
}
