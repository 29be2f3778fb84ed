namespace Ci.Tests.Fixtures;

/// <summary>The app as it was built with the tests: its folders have the same names as theirs.</summary>
internal static class BuiltApp
{
    private static readonly string Place = Path.GetRelativePath(Path.Combine(TestEnvironment.Root, "tests"), AppContext.BaseDirectory);

    public static string Configuration { get; } = Place.Split(Path.DirectorySeparatorChar)[1];

    public static string Folder { get; } = Path.Combine(TestEnvironment.Root, "functions", Place);
}
