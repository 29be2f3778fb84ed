namespace Ci.Pipeline.Tunnel;

/// <summary>Section <c>Tunnel</c>.</summary>
public sealed class TunnelOptions
{
    public const string Section = "Tunnel";

    /// <summary>Off by default: it changes settings of repositories on GitHub.</summary>
    public bool Enabled { get; set; }

    public string NgrokApiUrl { get; set; } = "http://127.0.0.1:4040";

    /// <summary>Each <c>owner/name</c>. One setting may hold several, separated by commas.</summary>
    public IList<string> Repositories { get; init; } = [];

    /// <summary>The agent's public address changes when the agent is restarted.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);
}
