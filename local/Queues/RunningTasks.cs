namespace Ci.Local.Queues;

internal sealed class RunningTasks
{
    private readonly HashSet<Task> _tasks = [];

    public void Add(Func<Task> work)
    {
        var task = Task.Run(work);
        lock (_tasks)
        {
            _tasks.Add(task);
        }

        task.ContinueWith(Remove, TaskScheduler.Default);
    }

    public Task AllAsync() => NoMoreThanAsync(0);

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
