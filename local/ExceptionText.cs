namespace Ci.Local;

internal static class ExceptionText
{
    /// <summary>What a person is told of it: the first line, without what a library puts below it.</summary>
    public static string Sentence(this Exception exception) => exception.Message.Split('\n')[0].TrimEnd();
}
