using System.Security.Cryptography;

namespace Ci.Bench;

/// <summary>A kind of commit that every side builds.</summary>
/// <param name="Title">What it is called in the table.</param>
/// <param name="Images">Its images; one called <c>app</c> has its Dockerfile at the root, several each in a folder of their name.</param>
/// <param name="Files">The files that a commit changes; no two commits are the same.</param>
/// <param name="DataMegabytes">How much else is in the repository, in files of a megabyte that do not compress.</param>
/// <param name="Rounds">How often it is measured at most.</param>
internal sealed record BuildCase(
    string Title, IReadOnlyList<string> Images, Func<string, Dictionary<string, string>> Files, int DataMegabytes = 0,
    int Rounds = int.MaxValue)
{
    private const string Steps = "RUN cat content.txt > /copy.txt\nRUN echo done > /done.txt\n";

    /// <summary>Whether the first turn is not counted; what takes many seconds has no use for that.</summary>
    public bool WarmsUp => DataMegabytes == 0;

    /// <summary>The repository that its commits are in.</summary>
    public string Repository => $"{Settings.Owner}/{string.Concat(Title.Where(char.IsAsciiLetterOrDigit))}";

    /// <summary>What a commit changes, no step needs.</summary>
    public static BuildCase SmallCached { get; } = new(
        "small, cached", ["app"], unique => App("COPY content.txt .\n" + Steps, "the same", unique));

    public static BuildCase SmallUncached { get; } = new(
        "small, uncached", ["app"], unique => App("COPY content.txt .\n" + Steps, unique, unique));

    public static BuildCase LargeCopied { get; } = new(
        "200 MB context, all of it in the image", ["app"], unique => App("COPY . /all/\nCOPY content.txt .\n" + Steps, unique, unique), 200,
        Rounds: 3);

    public static BuildCase LargeLittle { get; } = new(
        "200 MB context, little of it in the image", ["app"], unique => App("COPY content.txt .\n" + Steps, unique, unique), 200,
        Rounds: 3);

    public static BuildCase ThreeImages { get; } = new("three images, uncached", ["api", "web", "worker"], Three, Rounds: 3);

    /// <summary>A repository of a gigabyte, as large as one may be.</summary>
    public static BuildCase Huge { get; } = new(
        "1 GB repository", ["app"], unique => App("COPY content.txt .\n" + Steps, unique, unique), 1000);

    /// <summary>A step that goes on until it is stopped.</summary>
    public static BuildCase Endless { get; } = new(
        "endless", ["app"], unique => App("COPY content.txt .\nRUN sleep 600\n", unique, unique));

    /// <summary>Fills a new repository with its data.</summary>
    public async Task FillAsync(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        for (var i = 0; i < DataMegabytes; i++)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "data", $"{i:D4}.bin"), RandomNumberGenerator.GetBytes(1_000_000));
        }
    }

    private static Dictionary<string, string> App(string steps, string content, string unique) => new()
    {
        ["dockerInfo.json"] = """{ "service_name": "bench-ours/app", "version": "1" }""",
        ["Dockerfile"] = $"FROM {Settings.BaseImage}\n{steps}",
        ["content.txt"] = content,
        ["notes.txt"] = unique,
    };

    private static Dictionary<string, string> Three(string unique)
    {
        string[] names = ["api", "web", "worker"];
        var files = new Dictionary<string, string>
        {
            ["dockerInfo.json"] = $"[{string.Join(",", names.Select(name => $$"""{ "service_name": "bench-ours/{{name}}", "version": "1", "context": "{{name}}" }"""))}]",
        };
        foreach (var name in names)
        {
            files[name + "/Dockerfile"] = $"FROM {Settings.BaseImage}\nCOPY content.txt .\n{Steps}";
            files[name + "/content.txt"] = name + unique;
        }

        return files;
    }
}

/// <summary>A commit that is built once, by one side.</summary>
/// <param name="Case">What it is of.</param>
/// <param name="Branch">Its branch.</param>
/// <param name="Commit">Its SHA.</param>
internal sealed record Change(BuildCase Case, string Branch, string Commit)
{
    /// <summary>The tag that the peers give.</summary>
    public string Tag => Commit[..12];
}
