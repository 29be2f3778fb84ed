namespace Ci.Pipeline.Tunnel;

/// <summary>Section <c>Tunnel</c>: whether this program itself points GitHub's webhooks at the ngrok tunnel that leads to it.</summary>
public sealed class TunnelOptions
{
    public const string Section = "Tunnel";

    /// <summary>Turns the registration on. Off by default: it changes settings of repositories on GitHub.</summary>
    public bool Enabled { get; set; }

    /// <summary>Where the ngrok agent's own API answers; the agent's default unless set.</summary>
    public string NgrokApiUrl { get; set; } = "http://127.0.0.1:4040";

    /// <summary>
    /// The repositories, <c>owner/name</c>, whose webhook is kept up to date. As one setting they are separated by
    /// commas (<c>Tunnel__Repositories=owner/a,owner/b</c>); <c>Tunnel__Repositories__0</c> and so on work too.
    /// </summary>
    public IList<string> Repositories { get; init; } = [];

    /// <summary>How often the agent is asked for its public address, which changes when the agent is restarted.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);
}
