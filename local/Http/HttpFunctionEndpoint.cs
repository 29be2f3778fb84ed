using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Ci.Local.Http;

/// <summary>Answers requests with one function.</summary>
internal sealed partial class HttpFunctionEndpoint(HttpFunction function, TimeSpan? timeout, ILogger logger)
{
    /// <summary>The Functions host answers larger bodies with 500 at once.</summary>
    public const long MaxBodyBytes = 100 << 20;

    // A request's objects are used again for the next one, so a call is never left behind: its end is waited for.
    private readonly FunctionLimit _limit = new(timeout, Timeout.InfiniteTimeSpan);

    /// <summary>Calls the function and writes what it returns.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        var clock = Stopwatch.StartNew();
        var clientGone = context.RequestAborted;
        try
        {
            if (context.Request.ContentLength > MaxBodyBytes)
            {
                throw new BadHttpRequestException($"The body has {context.Request.ContentLength} bytes; {MaxBodyBytes} are allowed.");
            }

            await _limit.RunAsync(cancellation => AnswerAsync(context, cancellation), clientGone);
            Log.Answered(logger, function.Name, context.Request.Method, context.Response.StatusCode, clock.ElapsedMilliseconds);
        }
        catch (Exception e) when (clientGone.IsCancellationRequested)
        {
            // Nobody is left to answer.
            Log.ClientGone(logger, function.Name, e is OperationCanceledException ? null : e);
        }
        catch (Exception e)
        {
            Log.Failed(logger, e, function.Name);
            Refuse(context);
        }
    }

    private async Task AnswerAsync(HttpContext context, CancellationToken cancellation)
    {
        context.RequestAborted = cancellation;
        if (await FunctionInvoker.InvokeAsync(function, context, cancellation) is { } result)
        {
            await result.ExecuteAsync(context);
        }
    }

    private static void Refuse(HttpContext context)
    {
        if (context.Response.HasStarted)
        {
            // Cut short, so that the client does not take the half for the whole.
            context.Abort();
            return;
        }

        context.Response.Clear();
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "{Function} failed")]
        public static partial void Failed(ILogger logger, Exception exception, string function);

        [LoggerMessage(2, LogLevel.Information, "{Function} answered {Method} with {Status} in {Milliseconds} ms")]
        public static partial void Answered(ILogger logger, string function, string method, int status, long milliseconds);

        [LoggerMessage(3, LogLevel.Information, "{Function}: the client went away")]
        public static partial void ClientGone(ILogger logger, string function, Exception? exception);
    }
}
