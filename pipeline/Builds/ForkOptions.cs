using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Builds;

public enum ForkPolicy
{
    /// <summary>When somebody with write access has approved the head commit.</summary>
    Approved,

    Never,

    /// <summary>Always, within a fork's limits.</summary>
    Always,
}

/// <summary>What pull requests from forks may do: they are code by strangers. Section <c>Forks</c>.</summary>
public sealed class ForkOptions
{
    public const string Section = "Forks";

    [EnumDataType(typeof(ForkPolicy), ErrorMessage = "Forks__Build must be Approved, Never or Always.")]
    public ForkPolicy Build { get; set; } = ForkPolicy.Approved;

    /// <summary>The label that approves the head commit when somebody with write access sets it; empty for none.</summary>
    [MaxLength(50, ErrorMessage = "Forks__Label must not be longer than 50 characters.")]
    public string Label { get; set; } = "ok-to-build";

    /// <summary>Authors whose forks are built like the repository's own branches, as GitHub's <c>author_association</c> names them,
    /// with commas between: <c>OWNER,MEMBER,COLLABORATOR</c>. Empty: none.</summary>
    [RegularExpression(
        @"^(\s*(OWNER|MEMBER|COLLABORATOR)\s*(,|$))*$",
        ErrorMessage = "Forks__TrustedAuthors must be empty or some of OWNER, MEMBER and COLLABORATOR with commas between.")]
    public string TrustedAuthors { get; set; } = "";

    /// <summary>What is put behind the name of a fork's images, so that no fork writes a tag of the repository's own.</summary>
    [RegularExpression(
        "^[-_.][a-z0-9]+$",
        ErrorMessage = "Forks__ImageSuffix must be '-', '_' or '.' and lower-case letters or digits behind it, like -forks.")]
    public string ImageSuffix { get; set; } = "-forks";

    /// <summary>The network of a fork's build steps; <c>none</c>, or empty for what <c>Docker__Network</c> says.</summary>
    [RegularExpression(NetworkName.Pattern, ErrorMessage = "Forks__Network " + NetworkName.Rule)]
    public string Network { get; set; } = "none";

    /// <summary>Whether BuildKit may build them. Its cache mounts are shared by all builds of an engine, so that a stranger could
    /// leave something there for the next build of a branch; and it keeps what they built as its cache.</summary>
    public bool BuildKit { get; set; }

    public bool Trusts(string? association) =>
        association is not null
        && TrustedAuthors.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Contains(association);
}

[OptionsValidator]
internal sealed partial class ForkOptionsValidator : IValidateOptions<ForkOptions>;

/// <summary>What a setting that names a network may say; the host's own and another container's are the machine's, not a build's.</summary>
internal static class NetworkName
{
    public const string Pattern = "^(?!host$)([A-Za-z0-9][A-Za-z0-9_.-]*)?$";

    public const string Rule = "must be empty, none, bridge or the name of a network of the engine; not host and not container:….";
}
