using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Source;

/// <summary>How GitHub is reached; section <c>GitHub</c>.</summary>
public sealed class GitHubOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "GitHub";

    /// <summary>The name of the <see cref="HttpClient"/> that carries the address, the token and GitHub's headers.</summary>
    public const string HttpClientName = "github";

    /// <summary>The largest answer that is held in memory; a page of a pull request's files has a few megabytes. Archives are streamed.</summary>
    public const int MaxAnswerBytes = 64 << 20;

    /// <summary>GitHub's REST API; another for GitHub Enterprise Server (<c>https://HOST/api/v3</c>).</summary>
    [Required(ErrorMessage = "GitHub__ApiUrl is empty: leave it out for https://api.github.com.")]
    [RegularExpression("^https?://.+$", ErrorMessage = "GitHub__ApiUrl must start with https://, like https://api.github.com.")]
    public string ApiUrl { get; set; } = "https://api.github.com";

    /// <summary>A token that may read the repositories' contents; empty for public repositories.</summary>
    public string Token { get; set; } = "";

    /// <summary>Whether GitHub is told who asks.</summary>
    public bool HasLogin => Token.Length > 0;
}

/// <summary>Checks <see cref="GitHubOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class GitHubOptionsValidator : IValidateOptions<GitHubOptions>;
