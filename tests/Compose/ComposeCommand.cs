using Ci.Tests.Fixtures;

namespace Ci.Tests.Compose;

/// <summary>Which compose is here: docker's plugin, or the program that came before it.</summary>
internal static class ComposeCommand
{
    /// <summary>The words that a compose command begins with. Without either, the test is skipped, or fails in CI.</summary>
    public static async Task<string[]> FindAsync()
    {
        foreach (var command in new string[][] { ["docker", "compose"], ["docker-compose"] })
        {
            if (await Shell.TryRunAsync([.. command, "version"]) is (0, _))
            {
                return command;
            }
        }

        const string Missing = "docker-compose.yml was not checked: neither docker compose nor docker-compose is here "
            + "(on Debian: apt-get install docker-compose).";
        TestEnvironment.SkipOrFail(Missing);
        throw new InvalidOperationException(Missing);
    }
}
