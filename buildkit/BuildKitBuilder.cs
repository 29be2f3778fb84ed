using System.Net.Http.Headers;
using System.Net.Sockets;
using Ci.BuildKit.Files;

namespace Ci.BuildKit;

/// <summary>Builds images with the BuildKit that is inside the Docker engine (<c>POST /build?version=2</c>, Docker Engine API),
/// with a session for what the build asks back. Builds may run side by side.</summary>
public sealed class BuildKitBuilder(EngineAddress engine, SessionAnswers answers) : IDisposable
{
    private readonly HttpClient _client = engine.CreateClient();

    /// <summary>Builds an image and returns its id, <c>sha256:…</c>. <paramref name="happened"/> takes one event at a time.</summary>
    /// <exception cref="BuildFailedException">The build failed, or the engine refused it.</exception>
    /// <exception cref="BuildKitUnavailableException">The engine has no BuildKit that takes sessions.</exception>
    /// <exception cref="EngineUnavailableException">The engine does not answer or broke off its answer.</exception>
    public async Task<string> BuildAsync(BuildKitBuild build, Action<BuildKitEvent> happened, CancellationToken cancellationToken)
    {
        if (await EngineProbe.AskAsync(_client, engine, cancellationToken) is { HasBuildKit: false } probe)
        {
            throw new BuildKitUnavailableException(
                $"The Docker engine at {engine} has no BuildKit (its API is {probe.ApiVersion}, its containers are {probe.OSType}).");
        }

        var secrets = await ReadSecretsAsync(build, cancellationToken);
        var files = build.Files is { } source ? new WatchedSource(source) : null;
        await using var session = await BuildKitSession.OpenAsync(engine, AnswersWith(secrets, files), cancellationToken);
        await using var posted = files is null ? new BuildContext(WriterOf(build), BuildContext.RootFolder, cancellationToken) : null;
        try
        {
            var follower = new BuildFollower(build.Mask, happened);
            return await BuildAsync(BuildQuery.Of(build, session.Id), posted?.Content, follower, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            files?.ThrowIfFailed();
            await (posted?.ThrowIfFailedAsync() ?? Task.CompletedTask);
            if (e is HttpRequestException or IOException or SocketException)
            {
                throw new EngineUnavailableException($"The Docker engine at {engine} broke off: {e.Message}", e);
            }

            throw;
        }
    }

    public void Dispose() => _client.Dispose();

    // All that the build may ask for, asked for or not: a step that another build has in common with it runs once for both,
    // and what it prints, with that build's secret, stands in both logs; so whoever hands one out can mask it in time.
    private async Task<Dictionary<string, ReadOnlyMemory<byte>>> ReadSecretsAsync(BuildKitBuild build, CancellationToken cancellationToken)
    {
        var secrets = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var id in build.Secrets)
        {
            if (await answers.Secret(id, cancellationToken) is { } value)
            {
                secrets[id] = value;
            }
        }

        return secrets;
    }

    private static Func<Stream, CancellationToken, Task> WriterOf(BuildKitBuild build) =>
        build.WriteContext ?? throw new ArgumentException("A build needs Files or WriteContext.", nameof(build));

    private SessionAnswers AnswersWith(Dictionary<string, ReadOnlyMemory<byte>> secrets, ContextSource? files) => answers with
    {
        Files = files,
        Secret = (id, _) => ValueTask.FromResult(secrets.TryGetValue(id, out var value) ? value : (ReadOnlyMemory<byte>?)null),
    };

    private async Task<string> BuildAsync(string query, Stream? context, BuildFollower follower, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "build?" + query);
        if (context is not null)
        {
            request.Content = new StreamContent(context) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-tar") } };
        }

        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            var message = EngineAnswer.Message(await response.Content.ReadAsStringAsync(cancellationToken));
            throw (int)response.StatusCode >= 500
                ? new EngineUnavailableException($"The Docker engine answered {(int)response.StatusCode}: {message}")
                : new BuildFailedException(message);
        }

        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            follower.Read(line);
        }

        return follower.Finish();
    }
}
