namespace Ci.Local.Queues;

/// <summary>All listeners of this host, to be told that there may be something in their queues.</summary>
internal sealed class QueueListeners(IReadOnlyList<QueueListener> all)
{
    public IReadOnlyList<QueueListener> All { get; } = all;

    /// <summary>Whoever waits for its next look looks at once.</summary>
    public void LookNow()
    {
        foreach (var listener in All)
        {
            listener.LookNow();
        }
    }
}
