namespace Ci.Pipeline.Queue;

/// <summary>
/// Says within this process that a message was put onto a queue, so that whoever takes the queue's messages here need not
/// wait until the next look. It is no promise: a host that does not listen finds the message by looking.
/// </summary>
public sealed class QueueSignal
{
    /// <summary>Is called with the queue's name, on the thread of the one who sent; it returns at once.</summary>
    public event Action<string>? Sent;

    /// <summary>A message was put onto a queue, for everybody to see.</summary>
    public void Tell(string queue) => Sent?.Invoke(queue);
}
