namespace Ci.Pipeline.Source.Tree;

/// <summary>What a checkout gives files; an archive's own modes have the group's write bit that git archive adds.</summary>
internal static class CheckoutModes
{
    public const UnixFileMode File = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>A folder's, and that of a file that runs.</summary>
    public const UnixFileMode Executable = File | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public const UnixFileMode Link = Executable | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
}
