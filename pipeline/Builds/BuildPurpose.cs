using System.Text.Json.Serialization;

namespace Ci.Pipeline.Builds;

/// <summary>Why a commit is built; it decides the tags.</summary>
public enum BuildPurpose
{
    /// <summary>The pull request is open: tags <c>pr-N</c> and <c>sha-…</c>.</summary>
    [JsonStringEnumMemberName("pull-request")]
    PullRequest,

    /// <summary>The pull request was merged: tags <c>VERSION</c>, <c>latest</c> and <c>sha-…</c>.</summary>
    [JsonStringEnumMemberName("merge")]
    Merge,

    /// <summary>The pull request was closed without a merge: nothing is built, and its <c>pr-N</c> goes.</summary>
    [JsonStringEnumMemberName("close")]
    Close,
}
