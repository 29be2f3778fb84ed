using System.Collections.Concurrent;
using System.Threading.Channels;
using Ci.Local.Worker.Protocol;
using Grpc.Core;

namespace Ci.Local.Worker;

/// <summary>The conversation with one worker process, from its first message until the stream between the two ends.</summary>
internal sealed class WorkerChannel(string workerId, WorkerLogs logs)
{
    private readonly Channel<StreamingMessage> _outgoing = Channel.CreateUnbounded<StreamingMessage>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<string, TaskCompletionSource<StreamingMessage>> _answers = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<InvocationResponse>> _invocations = new();
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WorkerGoneException? _fault;

    /// <summary>Under which the worker announces itself.</summary>
    public string WorkerId { get; } = workerId;

    /// <summary>Ends when the worker has announced itself.</summary>
    public Task Connected => _connected.Task;

    /// <summary>Ends when nothing comes from the worker any more.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Where the worker takes HTTP requests; null when it has no such address.</summary>
    public Uri? HttpUri { get; private set; }

    /// <summary>Sends and receives until the worker or this host ends the stream.</summary>
    public async Task ServeAsync(
        IAsyncStreamReader<StreamingMessage> incoming, IServerStreamWriter<StreamingMessage> outgoing, CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendAsync(outgoing, end.Token);
        _connected.TrySetResult();
        try
        {
            while (await incoming.MoveNext(end.Token))
            {
                Receive(incoming.Current);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or Grpc.Core.RpcException)
        {
            // A worker that is gone ends its stream in one of these ways.
        }
        finally
        {
            _outgoing.Writer.TryComplete();
            await end.CancelAsync();
            await sending;
            Fail(new WorkerGoneException("The worker ended its connection."));
        }
    }

    /// <summary>First words: what the host can do, and what the worker can.</summary>
    /// <exception cref="WorkerGoneException">The worker refused, or is gone.</exception>
    public async Task InitializeAsync(string app, CancellationToken cancellationToken)
    {
        var request = new WorkerInitRequest { HostVersion = "4.0.0", WorkerDirectory = app, FunctionAppDirectory = app };
        foreach (var capability in (string[])["RpcHttpBodyOnly", "HandlesInvocationCancelMessage", "EnableUserCodeException"])
        {
            request.Capabilities[capability] = "True";
        }

        var answer = (await RequestAsync(new StreamingMessage { WorkerInitRequest = request }, cancellationToken)).WorkerInitResponse;
        Check(answer?.Result, "start");
        HttpUri = answer!.Capabilities.TryGetValue("HttpUri", out var uri) ? new Uri(uri) : null;
    }

    public async Task<IReadOnlyList<RpcFunctionMetadata>> DescribeAsync(string app, CancellationToken cancellationToken)
    {
        var question = new StreamingMessage { FunctionsMetadataRequest = new FunctionsMetadataRequest { FunctionAppDirectory = app } };
        var answer = (await RequestAsync(question, cancellationToken)).FunctionMetadataResponse;
        Check(answer?.Result, "list its functions");
        return answer!.FunctionMetadataResults;
    }

    public async Task LoadAsync(IEnumerable<RpcFunctionMetadata> functions, CancellationToken cancellationToken)
    {
        foreach (var function in functions)
        {
            var request = new FunctionLoadRequest { FunctionId = function.FunctionId, Metadata = function };
            var answer =
                (await RequestAsync(new StreamingMessage { FunctionLoadRequest = request }, cancellationToken)).FunctionLoadResponse;
            Check(answer?.Result, $"load function {function.Name}");
        }
    }

    /// <summary>Calls a function and waits for its end, however long that takes; a cancellation is passed on to it.</summary>
    /// <exception cref="InvocationFailedException">The function threw.</exception>
    /// <exception cref="WorkerGoneException">The worker is gone.</exception>
    public async Task InvokeAsync(InvocationRequest request, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource<InvocationResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        _invocations[request.InvocationId] = ended;
        try
        {
            Send(new StreamingMessage { InvocationRequest = request });
            ThrowIfFailed();
            await using var registration = cancellationToken.Register(
                () => Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = request.InvocationId } }));
            var result = (await ended.Task).Result;
            if (result?.Status != StatusResult.Types.Status.Success)
            {
                throw new InvocationFailedException(TextOf(result), result?.Exception?.StackTrace);
            }
        }
        finally
        {
            _invocations.TryRemove(request.InvocationId, out _);
        }
    }

    public void Terminate() => Send(new StreamingMessage { WorkerTerminate = new WorkerTerminate() });

    /// <summary>Nothing comes from this worker any more: fails whatever waits for it.</summary>
    public void Fail(WorkerGoneException fault)
    {
        Interlocked.CompareExchange(ref _fault, fault, null);
        foreach (var answer in _answers.Values)
        {
            answer.TrySetException(_fault);
        }

        foreach (var invocation in _invocations.Values)
        {
            invocation.TrySetException(_fault);
        }

        _closed.TrySetResult();
    }

    private async Task SendAsync(IServerStreamWriter<StreamingMessage> outgoing, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var message in _outgoing.Reader.ReadAllAsync(cancellationToken))
            {
                await outgoing.WriteAsync(message, cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException or Grpc.Core.RpcException)
        {
            // The receiving side sees the end of the stream too, and tells whoever waits.
        }
    }

    private void Receive(StreamingMessage message)
    {
        switch (message.ContentCase)
        {
            case StreamingMessage.ContentOneofCase.InvocationResponse:
                if (_invocations.TryGetValue(message.InvocationResponse.InvocationId, out var invocation))
                {
                    invocation.TrySetResult(message.InvocationResponse);
                }

                break;
            case StreamingMessage.ContentOneofCase.RpcLog:
                logs.Write(message.RpcLog);
                break;
            default:
                if (_answers.TryRemove(message.RequestId, out var answer))
                {
                    answer.TrySetResult(message);
                }

                break;
        }
    }

    private async Task<StreamingMessage> RequestAsync(StreamingMessage question, CancellationToken cancellationToken)
    {
        question.RequestId = Guid.NewGuid().ToString();
        var answer = new TaskCompletionSource<StreamingMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _answers[question.RequestId] = answer;
        Send(question);
        ThrowIfFailed();
        return await answer.Task.WaitAsync(cancellationToken);
    }

    // What is written after the end is for nobody.
    private void Send(StreamingMessage message) => _outgoing.Writer.TryWrite(message);

    /// <summary>Whoever began to wait while the channel broke may have been missed by <see cref="Fail"/>.</summary>
    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _fault) is { } fault)
        {
            throw new WorkerGoneException(fault.Message);
        }
    }

    private static void Check(StatusResult? result, string what)
    {
        if (result?.Status != StatusResult.Types.Status.Success)
        {
            throw new WorkerGoneException($"The worker could not {what}: {TextOf(result)}");
        }
    }

    private static string TextOf(StatusResult? result) =>
        result?.Exception?.Message is { Length: > 0 } message ? message
        : result?.Result is { Length: > 0 } text ? text
        : "it does not say why.";
}
