using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using Ci.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestFramework(typeof(TimeLimitedTestFramework))]

namespace Ci.Tests;

/// <summary>xUnit's own framework, in which every test has a time limit, synchronous or not: one that hangs fails, and the others
/// go on. A test that needs longer says so, <c>[Fact(Timeout = …)]</c>. What has no limit in xUnit, the fixtures, ends the whole
/// run.</summary>
public sealed class TimeLimitedTestFramework : XunitTestFramework
{
    /// <summary>Gives a long run more time, like <c>02:00:00</c>.</summary>
    public const string LimitVariable = "CI_TEST_TIME_LIMIT";

    /// <summary>The limit in the runs of what hangs by intention.</summary>
    public const string HangingLimit = "00:00:01";

    /// <summary>Of a test that names none of its own. A single wait has <see cref="Fixtures.TestEnvironment.Limit"/>, and says
    /// for what.</summary>
    public static readonly TimeSpan Limit =
        Environment.GetEnvironmentVariable(LimitVariable) is { Length: > 0 } given
            ? TimeSpan.Parse(given, CultureInfo.InvariantCulture)
            : TimeSpan.FromMinutes(10);

    /// <summary>The most that a test may name.</summary>
    public static readonly TimeSpan LongestLimit = 2 * Limit;

    protected override ITestFrameworkDiscoverer CreateDiscoverer(Assembly assembly) => new Discoverer(TestAssembly(assembly));

    protected override ITestFrameworkExecutor CreateExecutor(Assembly assembly) => new Executor(TestAssembly(assembly));

    private static XunitTestAssembly TestAssembly(Assembly assembly) => new(assembly, configFilePath: null, assemblyName: null);

    private sealed class Discoverer(IXunitTestAssembly assembly) : XunitTestFrameworkDiscoverer(assembly)
    {
        protected override ValueTask<bool> FindTestsForMethod(
            IXunitTestMethod testMethod, ITestFrameworkDiscoveryOptions discoveryOptions,
            Func<ITestCase, ValueTask<bool>> discoveryCallback)
        {
            foreach (var fact in testMethod.FactAttributes.OfType<FactAttribute>())
            {
                fact.Timeout = Math.Max(fact.Timeout, (int)Limit.TotalMilliseconds);
            }

            return base.FindTestsForMethod(testMethod, discoveryOptions, discoveryCallback);
        }
    }

    private sealed class Executor(IXunitTestAssembly assembly) : XunitTestFrameworkExecutor(assembly)
    {
        public override async ValueTask RunTestCases(
            IReadOnlyCollection<IXunitTestCase> testCases,
            IMessageSink executionMessageSink,
            ITestFrameworkExecutionOptions executionOptions,
            CancellationToken cancellationToken)
        {
            using var progress = new ProgressWatch(executionMessageSink);
            await base.RunTestCases(testCases, progress, executionOptions, cancellationToken);
        }
    }

    /// <summary>Ends the run when for longer than any test may take no test has begun or ended.</summary>
    private sealed class ProgressWatch : IMessageSink, IDisposable
    {
        private static readonly TimeSpan Silence = LongestLimit + Limit;

        private readonly ConcurrentDictionary<string, string> _running = new();
        private readonly IMessageSink _next;
        private readonly Timer _timer;

        public ProgressWatch(IMessageSink next)
        {
            _next = next;
            _timer = new Timer(_ => EndRun(), null, Silence, Timeout.InfiniteTimeSpan);
        }

        public bool OnMessage(IMessageSinkMessage message)
        {
            _timer.Change(Silence, Timeout.InfiniteTimeSpan);
            switch (message)
            {
                case ITestClassStarting started:
                    _running[started.TestClassUniqueID!] = started.TestClassName;
                    break;
                case ITestClassFinished ended:
                    _running.TryRemove(ended.TestClassUniqueID!, out _);
                    break;
                case ITestStarting started:
                    _running[started.TestUniqueID] = started.TestDisplayName;
                    break;
                case ITestFinished ended:
                    _running.TryRemove(ended.TestUniqueID, out _);
                    break;
            }

            return _next.OnMessage(message);
        }

        public void Dispose() => _timer.Dispose();

        private void EndRun()
        {
            Console.Error.WriteLine($"No test has begun or ended for {Silence:c}, so the run is ended. What has begun and not ended:");
            Console.Error.WriteLine(
                string.Join('\n', _running.Values.Order(StringComparer.Ordinal).DefaultIfEmpty("none: the fixtures of the assembly")));
            Environment.Exit(1);
        }
    }
}
