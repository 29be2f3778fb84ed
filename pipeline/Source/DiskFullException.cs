namespace Ci.Pipeline.Source;

/// <summary>A disk is full: neither the commit's fault nor cured by a retry; the message says what to do.</summary>
internal sealed class DiskFullException(string message, Exception? inner = null) : Exception(message, inner)
{
    // ERROR_DISK_FULL on Windows, ENOSPC elsewhere.
    private const int WindowsCode = unchecked((int)0x80070070);
    private const int UnixCode = 28;

    /// <summary>Whether the system says that a disk is full.</summary>
    public static bool IsMeantBy(IOException e) => e.HResult == WindowsCode || (!OperatingSystem.IsWindows() && e.HResult == UnixCode);
}
