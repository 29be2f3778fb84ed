using System.ComponentModel.DataAnnotations;
using Ci.Pipeline.Settings;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Intake;

/// <summary>Who may see lists and act by hand; section <c>Api</c>.</summary>
public sealed class AccessOptions
{
    public const string Section = "Api";

    /// <summary>The key that lists and actions ask for. Without one they are closed; a single build can be seen by whoever has
    /// its link, for nobody can guess it.</summary>
    [RegularExpression(
        "^(.{16,})?$",
        ErrorMessage = "Api__Key must be empty or at least 16 characters: choose a long random one (openssl rand -hex 32).")]
    public string Key { get; set; } = "";

    /// <summary>How long a browser stays signed in.</summary>
    [InRange(
        typeof(TimeSpan), "00:01:00", "365.00:00:00",
        ErrorMessage = "Api__SignInTime must be a time from 00:01:00 to 365.00:00:00, like 12:00:00.")]
    public TimeSpan SignInTime { get; set; } = TimeSpan.FromHours(12);

    /// <summary>The header in which the tunnel or proxy before this host hands on the client's address; empty when there is none.
    /// Whatever stands before this host must take away what clients send under that name, as deploy/ngrok.yml does.</summary>
    [RegularExpression(
        "^[A-Za-z0-9-]*$",
        ErrorMessage = "Api__ClientAddressHeader must be the name of a header, like X-Ci-Client-Address, or empty.")]
    public string ClientAddressHeader { get; set; } = "";

    /// <summary>How many requests a minute one address may make of what needs no key.</summary>
    [InRange(1, 1_000_000, ErrorMessage = "Api__RequestsPerMinute must be from 1 to 1000000.")]
    public int RequestsPerMinute { get; set; } = 600;

    /// <summary>How many wrong keys or signatures a minute are taken from one address before it has to wait.</summary>
    [InRange(1, 1_000_000, ErrorMessage = "Api__FailuresPerMinute must be from 1 to 1000000.")]
    public int FailuresPerMinute { get; set; } = 60;
}

[OptionsValidator]
internal sealed partial class AccessOptionsValidator : IValidateOptions<AccessOptions>;
