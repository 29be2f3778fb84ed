namespace Ci.SampleApp;

/// <summary>Something that happened in the app.</summary>
/// <param name="At">When, on a clock that all processes of the machine share.</param>
/// <param name="Process">The worker's process.</param>
/// <param name="Function">The function; empty for the process itself.</param>
/// <param name="What"><c>start</c>, <c>cancelled</c>, <c>end</c> and so on.</param>
/// <param name="Detail">The message, or whatever else the function has to say.</param>
public sealed record SampleEvent(long At, int Process, string Function, string What, string Detail);
