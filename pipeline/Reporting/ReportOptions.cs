using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Reporting;

/// <summary>Where people find reports; section <c>Report</c>.</summary>
public sealed class ReportOptions
{
    public const string Section = "Report";

    /// <summary>The address under which the world reaches this host, like <c>https://x.ngrok.app</c>. Empty: links are paths.</summary>
    [RegularExpression("^https?://.+$", ErrorMessage = "Report__PublicUrl must be empty or start with https:// or http://.")]
    public string PublicUrl { get; set; } = "";

    /// <summary>The name of the commit status that GitHub shows; a merge's has <c>/merge</c> behind it. Empty: none is made.</summary>
    [MaxLength(80, ErrorMessage = "Report__StatusContext must not be longer than 80 characters.")]
    public string StatusContext { get; set; } = "docker-image";

    /// <summary>Whether a pull request gets a comment, which each of its builds changes. Needs a token that may write them.</summary>
    public bool Comment { get; set; } = true;

    /// <summary>The repositories, <c>owner/name</c>, whose badge anyone may see; <c>*</c> stands for any characters of a name. As
    /// one setting they are separated by commas (<c>Report__PublicBadges=owner/a,octo/*</c>). By default there is none.</summary>
    [RegularExpression(
        @"^\s*(?:[A-Za-z0-9_*-]+/[A-Za-z0-9._*-]+\s*(?:,\s*|$))*$",
        ErrorMessage = "Report__PublicBadges must be empty or name repositories, such as owner/name,owner/*.")]
    public string PublicBadges { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class ReportOptionsValidator : IValidateOptions<ReportOptions>;
