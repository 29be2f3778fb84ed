namespace Ci.SampleApp;

/// <summary>A service of which each call of a function has its own.</summary>
public sealed class PerCall(Samples samples) : IDisposable
{
    public string Id { get; } = Guid.NewGuid().ToString();

    public void Dispose() => samples.Tell("PerCall", "disposed", Id);
}
