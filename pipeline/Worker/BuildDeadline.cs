using Ci.Pipeline.Builds;
using Ci.Pipeline.Text;

namespace Ci.Pipeline.Worker;

/// <summary>A build's patience: it runs out when the whole takes too long, when nothing has been heard of a step for too long, or
/// when too much has.</summary>
internal sealed class BuildDeadline : IDisposable
{
    private readonly BuildOptions _limits;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _runOut;
    private readonly ITimer _whole;
    private readonly ITimer _silence;
    private long _heard;

    /// <summary>Starts the clock; <paramref name="build"/> is the token that stops the build for other reasons.</summary>
    public BuildDeadline(BuildOptions limits, TimeProvider time, CancellationToken build)
    {
        _limits = limits;
        _time = time;
        _runOut = CancellationTokenSource.CreateLinkedTokenSource(build);
        _whole = _time.CreateTimer(_ => RunOut(WholeReason()), null, limits.TimeLimit, Timeout.InfiniteTimeSpan);
        _silence = _time.CreateTimer(_ => RunOut(SilenceReason()), null, limits.SilenceLimit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Cancelled when the time has run out, or the build is to stop.</summary>
    public CancellationToken Token => _runOut.Token;

    /// <summary>Why the time ran out; null while it has not.</summary>
    public string? Reason { get; private set; }

    /// <summary>Something was heard of the build, about so many bytes.</summary>
    public void ReportActivity(int bytes)
    {
        _silence.Change(_limits.SilenceLimit, Timeout.InfiniteTimeSpan);
        if (Interlocked.Add(ref _heard, bytes) > _limits.MaxOutputBytes)
        {
            RunOut($"The build printed more than {Format.Size(_limits.MaxOutputBytes)} and was stopped. "
                + "Have it print less, or raise Build__MaxOutputBytes.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _whole.Dispose();
        _silence.Dispose();
        _runOut.Dispose();
    }

    private string WholeReason() =>
        $"The build took longer than {Format.Duration(_limits.TimeLimit)} and was stopped. Make it faster, or raise Build__TimeLimit.";

    private string SilenceReason() =>
        $"Nothing was heard of a step for {Format.Duration(_limits.SilenceLimit)}, so the build was stopped. "
        + "Have the step print what it does, or raise Build__SilenceLimit.";

    private void RunOut(string reason)
    {
        Reason ??= reason;
        try
        {
            _runOut.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The build ended in the same moment.
        }
    }
}
