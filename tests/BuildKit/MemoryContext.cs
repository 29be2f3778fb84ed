using System.Collections.Concurrent;
using System.Text;
using Ci.BuildKit;
using Ci.Pipeline.Source.DockerIgnore;

namespace Ci.Tests.BuildKit;

/// <summary>A build context in memory that keeps in mind what was asked for.</summary>
internal sealed class MemoryContext(string? name = null) : ContextSource
{
    private readonly List<ContextFile> _files = [];
    private readonly Dictionary<string, byte[]> _contents = [];

    public ConcurrentBag<string> Read { get; } = [];

    /// <summary>What happens when a file is read, before its content is handed over.</summary>
    public Func<string, CancellationToken, Task> Reading { get; init; } = static (_, _) => Task.CompletedTask;

    public override string? Name => name;

    public override IReadOnlyList<ContextFile> Files => _files;

    public MemoryContext With(string path, string content) => With(path, Encoding.UTF8.GetBytes(content));

    public MemoryContext With(string path, byte[] content) => With(new ContextFile { Path = path, Size = content.Length }, content);

    public MemoryContext With(ContextFile file, byte[]? content = null)
    {
        _files.Add(file);
        _contents[file.Path] = content ?? [];
        return this;
    }

    public override Func<string, bool> Excluding(IReadOnlyList<string> patterns)
    {
        var ignore = DockerIgnoreFile.Of(patterns);
        return path => ignore.Excludes(path);
    }

    public override async Task ReadAsync(ContextRequests requests, CancellationToken cancellationToken)
    {
        foreach (var file in _files)
        {
            if (requests.Contains(file))
            {
                Read.Add(file.Path);
                await Reading(file.Path, cancellationToken);
                await requests.AnswerAsync(file, new MemoryStream(_contents[file.Path]), cancellationToken);
            }
        }
    }
}
