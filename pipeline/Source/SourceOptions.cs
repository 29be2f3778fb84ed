using Ci.Pipeline.Settings;
using Microsoft.Extensions.Options;

namespace Ci.Pipeline.Source;

/// <summary>How a commit's source is fetched, and its limits; section <c>Source</c>.</summary>
public sealed class SourceOptions
{
    public const string Section = "Source";

    /// <summary>The largest compressed archive that is fetched, in bytes.</summary>
    [InRange(1, long.MaxValue, ErrorMessage = "Source__MaxArchiveBytes must be a number of bytes, 1 or more.")]
    public long MaxArchiveBytes { get; set; } = 1L << 30;

    /// <summary>The largest archive once it is unpacked, in bytes; what is larger is taken for a decompression bomb.</summary>
    [InRange(1, long.MaxValue, ErrorMessage = "Source__MaxUnpackedBytes must be a number of bytes, 1 or more.")]
    public long MaxUnpackedBytes { get; set; } = 8L << 30;

    /// <summary>The most files and folders an archive may have.</summary>
    [InRange(1, int.MaxValue, ErrorMessage = "Source__MaxEntries must be from 1 to 2147483647.")]
    public int MaxEntries { get; set; } = 1_000_000;

    /// <summary>The size in bytes from which on a repository's commits are listed, and only those files fetched that a build asks
    /// for; 0 for never. The size is the one that GitHub tells, of all commits together.</summary>
    [InRange(0, long.MaxValue, ErrorMessage = "Source__ListFrom must be a number of bytes, or 0 to list no repository's commits.")]
    public long ListFrom { get; set; } = 20_000_000;

    /// <summary>Where the compressed archive is spooled while a build runs; empty for the system's temporary folder.</summary>
    public string TempDirectory { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class SourceOptionsValidator : IValidateOptions<SourceOptions>;
