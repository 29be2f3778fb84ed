namespace Ci.Local.Queues;

/// <summary>The tasks that run just now.</summary>
internal sealed class RunningTasks
{
    private readonly HashSet<Task> _tasks = [];

    /// <summary>Starts one on the thread pool.</summary>
    public void Add(Func<Task> work)
    {
        var task = Task.Run(work);
        lock (_tasks)
        {
            _tasks.Add(task);
        }

        task.ContinueWith(Remove, TaskScheduler.Default);
    }

    /// <summary>Ends when all have ended.</summary>
    public Task AllAsync() => NoMoreThanAsync(0);

    /// <summary>Ends when no more than so many run.</summary>
    public async Task NoMoreThanAsync(int count)
    {
        for (var running = Snapshot(); running.Length > count; running = Snapshot())
        {
            await Task.WhenAny(running);
        }
    }

    private Task[] Snapshot()
    {
        lock (_tasks)
        {
            return [.. _tasks.Where(task => !task.IsCompleted)];
        }
    }

    private void Remove(Task task)
    {
        lock (_tasks)
        {
            _tasks.Remove(task);
        }
    }
}
