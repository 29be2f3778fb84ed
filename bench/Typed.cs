namespace Ci.Bench;

/// <summary><c>docker build &amp;&amp; docker push</c> as it is typed, in a fresh checkout of the commit.</summary>
internal sealed class Typed(Workbench bench, bool buildKit) : ISide
{
    private DirectoryInfo? _tree;

    public string Name => "typed";

    public async Task PrepareAsync(Change change)
    {
        Forget();
        _tree = await bench.CheckOutAsync(change);
    }

    public Task<Work> BeginAsync(Change change) =>
        Task.FromResult(new Work([.. change.Case.Images.Select(image => ("bench-typed/" + image, change.Tag))], TypeAsync(change)));

    public ValueTask DisposeAsync()
    {
        Forget();
        return ValueTask.CompletedTask;
    }

    private async Task TypeAsync(Change change)
    {
        foreach (var image in change.Case.Images)
        {
            var name = $"{Settings.Registry}/bench-typed/{image}:{change.Tag}";
            var folder = change.Case.Images.Count == 1 ? _tree!.FullName : Path.Combine(_tree!.FullName, image);
            await bench.Docker.RunAsync(
                buildKit, "build", "-q", "--label", "org.opencontainers.image.revision=" + change.Commit, "-t", name, folder);
            await bench.Docker.RunAsync(buildKit, "push", "-q", name);
        }
    }

    private void Forget()
    {
        _tree?.Delete(recursive: true);
        _tree = null;
    }
}
