using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Webhook;

/// <summary>What the webhook needs to know; settings <c>GitHub__WebhookSecret</c> and <c>GitHub__BuildForks</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "GitHub";

    /// <summary>
    /// The secret that is entered in the repository's webhook settings too. Without it nothing starts: a webhook
    /// that cannot check its sender would build anybody's code.
    /// </summary>
    [Required(ErrorMessage = "GitHub__WebhookSecret is empty: set it to the secret that you entered in the repository's webhook settings (openssl rand -hex 32 makes one).")]
    [MinLength(8, ErrorMessage = "GitHub__WebhookSecret is shorter than 8 characters: choose a long random one (openssl rand -hex 32).")]
    public string WebhookSecret { get; set; } = "";

    /// <summary>Whether open pull requests from forks are built. Off by default: they are code by strangers.</summary>
    public bool BuildForks { get; set; }
}

/// <summary>Checks <see cref="WebhookOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class WebhookOptionsValidator : IValidateOptions<WebhookOptions>;
