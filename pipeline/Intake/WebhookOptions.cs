using System.ComponentModel.DataAnnotations;
using Ci.Pipeline.Builds;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Intake;

/// <summary>What the webhook needs to know; settings <c>GitHub__WebhookSecret</c> and <c>GitHub__Repositories</c>.</summary>
public sealed class WebhookOptions
{
    public const string Section = "GitHub";

    /// <summary>The secret that is entered in the repository's webhook settings too. Without it nothing starts: a webhook that
    /// cannot check its sender would build anybody's code.</summary>
    [Required(ErrorMessage = "GitHub__WebhookSecret is empty: set it to the secret that you entered in the repository's webhook settings "
        + "(openssl rand -hex 32 makes one).")]
    [MinLength(8, ErrorMessage = "GitHub__WebhookSecret is shorter than 8 characters: choose a long random one (openssl rand -hex 32).")]
    public string WebhookSecret { get; set; } = "";

    /// <summary>The repositories that are built, <c>owner/name</c> or <c>owner/*</c> with commas between; <c>*</c> for every
    /// repository whose webhook knows the secret.</summary>
    [RegularExpression(
        @"^\s*(\*|[A-Za-z0-9-_]+/(\*|[A-Za-z0-9._-]+))\s*(,\s*(\*|[A-Za-z0-9-_]+/(\*|[A-Za-z0-9._-]+))\s*)*$",
        ErrorMessage = "GitHub__Repositories must be *, or owner/name or owner/* with commas between.")]
    [Required(ErrorMessage = "GitHub__Repositories is empty, so nothing would be built: "
        + "set it to *, or owner/name or owner/* with commas between.")]
    public string Repositories { get; set; } = "*";

    /// <summary>Whether a repository is built.</summary>
    public bool Allows(string repository) => RepositoryPatterns.Match(Repositories, repository);
}

/// <summary>Checks <see cref="WebhookOptions"/> at start.</summary>
[OptionsValidator]
internal sealed partial class WebhookOptionsValidator : IValidateOptions<WebhookOptions>;
