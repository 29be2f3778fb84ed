using System.Diagnostics;
using Ci.Local.Queues;
using Ci.Local.Worker;
using Ci.Local.Worker.Protocol;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Http;

/// <summary>Has the worker answer requests with one function.</summary>
internal sealed partial class HttpFunctionEndpoint(
    HttpFunction function,
    FunctionsWorker worker,
    WorkerForwarder forwarder,
    IReadOnlyList<QueueListener> listeners,
    HostJson host,
    LocalHostOptions options,
    IHostApplicationLifetime lifetime,
    ILogger logger)
{
    /// <summary>The Functions host cuts the connection of a larger body.</summary>
    public const long MaxBodyBytes = 100 << 20;

    // GitHub waits 10 s; a worker that was just lost is back sooner.
    private static readonly TimeSpan WorkerWait = TimeSpan.FromSeconds(30);

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxBodyBytes)
        {
            context.Abort();
            return;
        }

        var clock = Stopwatch.StartNew();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        await using var stop = lifetime.ApplicationStopping.Register(() => EndAtStop(context, end));
        try
        {
            var channel = await ReadyAsync(context.RequestAborted);
            if (channel is null)
            {
                Log.NoWorker(logger, function.Name);
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            await new FunctionTimeout(function.Name, worker, channel, host, options)
                .RunAsync(cancellationToken => CallAsync(context, channel, cancellationToken), end.Token);
            Log.Answered(logger, function.Name, context.Request.Method, context.Response.StatusCode, clock.ElapsedMilliseconds);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer, and whatever the call was cancelled at is no failure of the function's.
            Log.ClientGone(logger, function.Name);
        }
        catch (Exception) when (BadRequest(context.GetForwarderErrorFeature()?.Exception) is { } bad)
        {
            Log.BadRequest(logger, function.Name, bad.Message);
            Refuse(context, bad.StatusCode);
        }
        catch (Exception e)
        {
            Log.Failed(logger, function.Name, e.Sentence());
            Log.FailedAt(logger, e, function.Name);
            Refuse(context, StatusCodes.Status500InternalServerError);
        }
        finally
        {
            // It may have put a message onto a queue.
            foreach (var listener in listeners)
            {
                listener.CheckNow();
            }
        }
    }

    /// <summary>The stop of the host waits for answers, but not for streams that have no end of their own.</summary>
    private void EndAtStop(HttpContext context, CancellationTokenSource end)
    {
        try
        {
            if (context.Response.HasStarted)
            {
                end.Cancel();
            }
            else
            {
                end.CancelAfter(options.QueueTimes.ShutdownGrace);
            }
        }
        catch (ObjectDisposedException)
        {
            // It has just been answered.
        }
    }

    private async Task<WorkerChannel?> ReadyAsync(CancellationToken clientGone)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        limit.CancelAfter(WorkerWait);
        try
        {
            return await worker.ReadyAsync(limit.Token);
        }
        catch (Exception e) when ((e is OperationCanceledException or WorkerGoneException) && !clientGone.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task CallAsync(HttpContext context, WorkerChannel channel, CancellationToken cancellationToken)
    {
        // The worker joins the two by the id: the call, which brings the route's values, and the request itself.
        var id = Guid.NewGuid().ToString();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var call = channel.InvokeAsync(Request(context, id), end.Token);
        var error = await forwarder.SendAsync(context, channel.HttpUri!, id, cancellationToken);
        if (error is null)
        {
            await call;
            return;
        }

        // Nobody takes its answer any more.
        await end.CancelAsync();
        await call;
        cancellationToken.ThrowIfCancellationRequested();
        throw new WorkerGoneException($"Its answer broke off ({error}): {context.GetForwarderErrorFeature()?.Exception?.Message}");
    }

    private InvocationRequest Request(HttpContext context, string id)
    {
        var request = new InvocationRequest
        {
            InvocationId = id,
            FunctionId = function.Id,
            TraceContext = new RpcTraceContext
            {
                TraceParent = context.Request.Headers.TraceParent.ToString(),
                TraceState = context.Request.Headers.TraceState.ToString(),
            },
        };
        request.InputData.Add(new ParameterBinding { Name = function.Parameter, Data = new TypedData { Http = new RpcHttp() } });
        foreach (var (name, value) in context.GetRouteData().Values)
        {
            if (value?.ToString() is { } text)
            {
                request.TriggerMetadata[name] = new TypedData { String = text };
            }
        }

        return request;
    }

    /// <summary>Headers that the function has set are sent, as the Functions host sends them.</summary>
    private static void Refuse(HttpContext context, int status)
    {
        if (context.Response.HasStarted || status == StatusCodes.Status413PayloadTooLarge)
        {
            // Cut short, so that the client does not take the half for the whole.
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
    }

    /// <summary>What this host's web server found wrong with the request while it was passed on, however deep it lies.</summary>
    private static BadHttpRequestException? BadRequest(Exception? e) => e switch
    {
        null => null,
        BadHttpRequestException bad => bad,
        AggregateException all => all.InnerExceptions.Select(BadRequest).FirstOrDefault(bad => bad is not null),
        _ => BadRequest(e.InnerException),
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Function} failed: {Reason}")]
        public static partial void Failed(ILogger logger, string function, string reason);

        [LoggerMessage(6, LogLevel.Debug, "Where {Function} failed")]
        public static partial void FailedAt(ILogger logger, Exception exception, string function);

        [LoggerMessage(2, LogLevel.Information, "{Function} answered {Method} with {Status} in {Milliseconds} ms")]
        public static partial void Answered(ILogger logger, string function, string method, int status, long milliseconds);

        [LoggerMessage(3, LogLevel.Information, "{Function}: the client went away")]
        public static partial void ClientGone(ILogger logger, string function);

        [LoggerMessage(5, LogLevel.Information, "{Function}: the request is no HTTP: {Reason}")]
        public static partial void BadRequest(ILogger logger, string function, string reason);

        [LoggerMessage(4, LogLevel.Error, "{Function} cannot be called: no worker runs")]
        public static partial void NoWorker(ILogger logger, string function);
    }
}
