using Ci.Tests.BuildKit;
using Ci.Tests.Fixtures;

namespace Ci.Tests.EndToEnd;

/// <summary>A step of a build that goes on when the test says so, and not when a time has passed: however slow the machine is,
/// what the test does before happens before. Step and test share one of BuildKit's cache mounts.</summary>
internal sealed class BuildBarrier(DockerEngine engine)
{
    private readonly string _mount = $"--mount=type=cache,id=barrier-{Guid.NewGuid():n},target=/barrier";

    /// <summary>The step, for <see cref="CiScenario.SlowFiles"/>: what it does before it waits, and after.</summary>
    public string Step(string before, string after = "true") =>
        $"{_mount} {before} && until test -e /barrier/open; do sleep 0.1; done && {after}";

    /// <summary>Lets it go on, and all that come after it.</summary>
    public Task ReleaseAsync() =>
        new Building(engine).RunAsync($"FROM {DockerEngine.BaseImage}\nENV ONCE={Guid.NewGuid():n}\nRUN {_mount} mkdir /barrier/open\n");
}
