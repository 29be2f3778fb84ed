namespace Ci.Bench;

/// <summary>What run.sh has started and says in the environment, and what all sides of a comparison share.</summary>
internal static class Settings
{
    public const string Secret = "a secret for the benchmark";
    public const string Token = "a token for the benchmark";
    public const string ApiKey = "a key for the benchmark";
    public const string Owner = "bench";

    public static string Storage => Of("AzureWebJobsStorage");

    public static string Engine => Of("Docker__Host");

    public static string Registry => Of("Registry__Address");

    public static string BaseImage => "ci-bench-base:1";

    private static string Of(string name) =>
        Environment.GetEnvironmentVariable(name)
            ?? throw new InvalidOperationException($"{name} is not set: run ./run.sh bench, which sets it.");
}
