using System.Text;
using Ci.BuildKit;
using Ci.BuildKit.Files;
using CsCheck;

namespace Ci.Tests.BuildKit;

/// <summary>Which files the engine hears of, and in which order.</summary>
public sealed class ContextListTests
{
    private static readonly string[] Names = ["a", "b", "a.b", "a-b", "a b", "ab", "A", "é", "日本", "\uE000", "\uFFFD", "\U0001F40B", "\U00010000"];

    private static readonly Gen<string> Name = Gen.OneOf(
        Gen.Int[0, Names.Length - 1].Select(i => Names[i]), Gen.Char['!', '~'].Array[1, 4].Select(characters => new string(characters)));

    private static readonly Gen<string> Path = Name.Select(name => name.Replace('/', '_')).Where(name => name is not ("." or "..")).Array[1, 4].Select(parts => string.Join('/', parts));

    // What the engine's receiver checks (Validator in github.com/tonistiigi/fsutil): the folder was there, and within a folder the names' bytes rise.
    [Fact]
    public void Each_folder_comes_before_what_is_in_it_and_names_rise_by_their_bytes() => Path.Array[0, 30].Sample(paths =>
    {
        var source = new MemoryContext();
        foreach (var path in paths)
        {
            source.With(path, "");
        }

        var last = new Dictionary<string, byte[]> { [""] = [] };
        foreach (var file in ContextList.Of(source, new ContextQuery([], [], [])))
        {
            var slash = file.Path.LastIndexOf('/');
            var name = Encoding.UTF8.GetBytes(file.Path[(slash + 1)..]);
            var folder = file.Path[..Math.Max(slash, 0)];
            Assert.True(last[folder].AsSpan().SequenceCompareTo(name) < 0, $"{file.Path} is out of order.");
            last[folder] = name;
            foreach (var left in last.Keys.Where(known => known.Length > 0 && folder != known && !folder.StartsWith(known + "/", StringComparison.Ordinal)).ToList())
            {
                last.Remove(left);
            }

            if (file.Kind == ContextFileKind.Folder || paths.Any(path => path.StartsWith(file.Path + "/", StringComparison.Ordinal)))
            {
                last[file.Path] = [];
            }
        }
    });

    [Theory]
    [InlineData("src/a", "src/a")]
    [InlineData("src/../src//./a", "src/a")]
    [InlineData("/src/a/", "src/a")]
    [InlineData("src", "src/a src/b src/deep/a")]
    [InlineData("*.json", "one.json two.json")]
    [InlineData("???.json", "one.json two.json")]
    [InlineData("src/*/a", "src/deep/a")]
    [InlineData("src/[ab]", "src/a src/b src/deep/a")]
    [InlineData("link", "link")]
    [InlineData("folder-link/a", "folder-link src/a")]
    [InlineData("*-link/a", "folder-link src/a")]
    [InlineData("chain", "chain link one.json")]
    [InlineData("round", "round")]
    [InlineData("up/../one.json", "one.json")]
    [InlineData("absent", "")]
    public void Only_what_is_copied_and_the_links_on_the_way_are_listed(string copied, string expected)
    {
        // A link's own target counts, too: it is what is copied.
        var also = copied == "link" ? ["one.json"] : Array.Empty<string>();

        Assert.Equal([.. expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), .. also], Listed(new([], [], [copied])));
    }

    [Theory]
    [InlineData(".")]
    [InlineData("/")]
    [InlineData("*")]
    [InlineData("**/a")]
    public void All_is_listed_where_all_may_be_copied(string copied) => Assert.Equal(Listed(new([], [], [])), Listed(new([], [], [copied])));

    [Fact]
    public void What_is_excluded_is_not_listed_but_for_the_folders_of_exceptions() =>
        Assert.Equal(["one.json", "src/deep/a"], Listed(new([], ["*", "!src/deep/a", "!one.json"], [])));

    private static IEnumerable<string> Listed(ContextQuery query)
    {
        var source = new MemoryContext()
            .With("one.json", "")
            .With("two.json", "")
            .With("src/a", "")
            .With("src/b", "")
            .With("src/deep/a", "")
            .With(Link("link", "one.json"))
            .With(Link("folder-link", "src"))
            .With(Link("chain", "./link"))
            .With(Link("round", "round"));
        return ContextList.Of(source, query).Where(file => file.Kind != ContextFileKind.Folder).Select(file => file.Path);
    }

    private static ContextFile Link(string path, string target) => new() { Path = path, Kind = ContextFileKind.Link, LinkTarget = target };
}
