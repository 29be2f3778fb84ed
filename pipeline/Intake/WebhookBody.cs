using System.Text;

namespace Ci.Pipeline.Intake;

/// <summary>Reads a delivery's body and finds the JSON in it.</summary>
internal static class WebhookBody
{
    /// <summary>GitHub caps payloads at 25 MB (docs.github.com, "Webhook events and payloads").</summary>
    public const int MaxBytes = 25 * 1024 * 1024;

    /// <summary>How much of a body is read and dropped before a refusal. A Functions host fails to hand on the answer of a worker
    /// that does not read what is being sent to it. Workers' web servers read 30,000,000 bytes of a body at most (Kestrel's
    /// default limit).</summary>
    private const int MostDropped = 30_000_000;

    private const int FirstBytes = 64 * 1024;

    /// <summary>The whole body, or null when it is larger than <see cref="MaxBytes"/>.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(Stream body, long? length, CancellationToken cancellationToken)
    {
        if (length > MaxBytes)
        {
            return null;
        }

        // What a header claims is not yet there: memory is taken as the bytes come.
        var buffer = new byte[(int)Math.Min(length ?? FirstBytes, FirstBytes) + 1];
        var count = 0;
        int read;
        while ((read = await body.ReadAsync(buffer.AsMemory(count), cancellationToken)) > 0)
        {
            count += read;
            if (count > MaxBytes)
            {
                return null;
            }

            if (count == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, MaxBytes + 1));
            }
        }

        return buffer.AsMemory(0, count);
    }

    /// <summary>Reads the rest of a body that is refused, and forgets it.</summary>
    public static async Task DropAsync(Stream body, long? length, CancellationToken cancellationToken)
    {
        if (length > MostDropped)
        {
            return;
        }

        var buffer = new byte[FirstBytes];
        var left = (long)MostDropped;
        while (left > 0
            && await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken) is > 0 and var read)
        {
            left -= read;
        }
    }

    /// <summary>The JSON: the body itself for <c>application/json</c>, field <c>payload</c> for
    /// <c>application/x-www-form-urlencoded</c> (a webhook may be set to either), null for any other content type.</summary>
    public static ReadOnlyMemory<byte>? Json(string? contentType, ReadOnlyMemory<byte> body)
    {
        var mediaType = contentType?.Split(';', 2)[0].Trim();
        if (string.Equals(mediaType, "application/json", StringComparison.OrdinalIgnoreCase))
        {
            return body;
        }

        return string.Equals(mediaType, "application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
            ? FormField(Encoding.UTF8.GetString(body.Span), "payload")
            : (ReadOnlyMemory<byte>?)null;
    }

    private static ReadOnlyMemory<byte> FormField(string form, string name)
    {
        foreach (var pair in form.Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals >= 0 && Decode(pair[..equals]) == name)
            {
                return Encoding.UTF8.GetBytes(Decode(pair[(equals + 1)..]));
            }
        }

        return ReadOnlyMemory<byte>.Empty;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
