using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Ci.StandIn;

/// <summary>What a tree has at a path.</summary>
/// <param name="Mode">As git writes it, like <c>100644</c>.</param>
/// <param name="Kind"><c>blob</c>, <c>tree</c> or <c>commit</c>.</param>
/// <param name="Sha">The object's name.</param>
/// <param name="Size">A blob's length.</param>
/// <param name="Path">From the root.</param>
public sealed record TreeEntry(string Mode, string Kind, string Sha, long? Size, string Path);

/// <summary>A git repository in a temporary folder, worked on by the real git with a configuration of its own.</summary>
public sealed partial class GitRepository : IDisposable
{
    private readonly GitObjects _objects;

    private GitRepository(string folder)
    {
        Folder = folder;
        _objects = new GitObjects(() => Start("cat-file", "--batch"));
    }

    public string Folder { get; }

    /// <summary>How large it was after the last commit made here, in kilobytes, as GitHub says it of a repository.</summary>
    public long Kilobytes { get; private set; }

    public static async Task<GitRepository> CreateAsync(CancellationToken cancellationToken = default)
    {
        var repository = new GitRepository(Directory.CreateTempSubdirectory("ci-git-").FullName);
        await repository.GitAsync(cancellationToken, "init", "--quiet", "--initial-branch=main");
        await repository.CommitAsync(
            "main", new Dictionary<string, string> { ["README.md"] = "# Sample\n" }, "First commit", cancellationToken);
        return repository;
    }

    /// <summary>Commits files onto a branch, which begins at main if it is new; a null content removes the file. Returns the
    /// commit.</summary>
    public async Task<string> CommitAsync(
        string branch, IReadOnlyDictionary<string, string> files, string message, CancellationToken cancellationToken = default)
    {
        if (Directory.EnumerateFileSystemEntries(Path.Combine(Folder, ".git", "refs", "heads")).Any())
        {
            var exists = await TryGitAsync(cancellationToken, "rev-parse", "--verify", "--quiet", "refs/heads/" + branch) is not null;
            await GitAsync(cancellationToken, exists ? ["checkout", "--quiet", branch] : ["checkout", "--quiet", "-b", branch, "main"]);
        }

        foreach (var (path, content) in files)
        {
            var full = Path.Combine(Folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            await File.WriteAllTextAsync(full, content, cancellationToken);
        }

        await GitAsync(cancellationToken, "add", "--all");
        await GitAsync(cancellationToken, "commit", "--quiet", "--allow-empty", "-m", message);
        Kilobytes = Sizes().Matches(await GitAsync(cancellationToken, "count-objects", "-v")).Sum(
            size => long.Parse(size.Groups[1].Value, CultureInfo.InvariantCulture));
        return (await GitAsync(cancellationToken, "rev-parse", "HEAD")).Trim();
    }

    public async Task<string> MergeAsync(string branch, CancellationToken cancellationToken = default)
    {
        await GitAsync(cancellationToken, "checkout", "--quiet", "main");
        await GitAsync(cancellationToken, "merge", "--quiet", "--no-ff", "-m", $"Merge {branch}", branch);
        return (await GitAsync(cancellationToken, "rev-parse", "HEAD")).Trim();
    }

    /// <summary>The files that differ between main and a commit.</summary>
    public async Task<IReadOnlyList<string>> ChangedFilesAsync(string commit, CancellationToken cancellationToken = default) =>
        (await GitAsync(cancellationToken, "diff", "--name-only", "main..." + commit)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public async Task<bool> HasCommitAsync(string commit, CancellationToken cancellationToken = default) =>
        await TryGitAsync(cancellationToken, "cat-file", "-e", commit + "^{commit}") is not null;

    /// <summary>The commit that a SHA, branch or tag stands for; null if there is none.</summary>
    public async Task<string?> ResolveAsync(string reference, CancellationToken cancellationToken = default) =>
        (await TryGitAsync(cancellationToken, "rev-parse", "--verify", "--quiet", "--end-of-options", reference + "^{commit}"))?.Trim();

    /// <summary>All that is in a commit's or a tree's folders; null if there is no such tree.</summary>
    public async Task<IReadOnlyList<TreeEntry>?> TreeAsync(string tree, bool recursive, CancellationToken cancellationToken = default) =>
        (await TryGitAsync(cancellationToken, ["ls-tree", "--long", "-z", .. recursive ? ["-r", "-t"] : Array.Empty<string>(), tree]))
            ?.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(EntryOf).ToList();

    /// <summary>Starts <c>git archive</c>; its output is the gzipped tar with one top folder (lightly zipped: tests wait for it).</summary>
    public Process StartArchive(string commit, string prefix) =>
        Start("archive", "--format=tar.gz", "-1", "--prefix=" + prefix + "/", commit);

    public void Dispose()
    {
        _objects.Dispose();
        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            // git writes its objects read-only.
            File.SetAttributes(file, FileAttributes.Normal);
        }

        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>An object's kind and content; null if there is none of that name.</summary>
    internal Task<(string Kind, byte[] Content)?> ObjectAsync(string name) => _objects.ReadAsync(name);

    // "MODE KIND SHA SIZE", a tab, and the path.
    private static TreeEntry EntryOf(string line)
    {
        var parts = line.Split('\t', 2);
        var words = parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new TreeEntry(
            words[0], words[1], words[2], words[3] == "-" ? null : long.Parse(words[3], CultureInfo.InvariantCulture), parts[1]);
    }

    private async Task<string> GitAsync(CancellationToken cancellationToken, params string[] arguments) =>
        await TryGitAsync(cancellationToken, arguments)
            ?? throw new InvalidOperationException($"git {string.Join(' ', arguments)} failed.");

    private async Task<string?> TryGitAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var git = Start(arguments);
        var error = git.StandardError.ReadToEndAsync(cancellationToken);
        var output = await git.StandardOutput.ReadToEndAsync(cancellationToken);
        await error;
        await git.WaitForExitAsync(cancellationToken);
        return git.ExitCode == 0 ? output : null;
    }

    private Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("git",
            ["-c", "user.name=Sample", "-c", "user.email=sample@example.com", "-c", "commit.gpgsign=false", "-c",
            "core.autocrlf=false", "-c", "core.compression=0", .. arguments])
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GIT_CONFIG_GLOBAL"] = OperatingSystem.IsWindows() ? "NUL" : "/dev/null";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment.Remove("GIT_DIR");
        return Process.Start(start) ?? throw new InvalidOperationException("git could not be started.");
    }

    [GeneratedRegex("^size(?:-pack)?: ([0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex Sizes();
}
