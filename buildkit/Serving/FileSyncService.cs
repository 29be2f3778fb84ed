using Ci.BuildKit.Files;
using Ci.BuildKit.Protos;
using Grpc.Core;

namespace Ci.BuildKit.Serving;

internal sealed class FileSyncService : FileSync.FileSyncBase
{
    // BuildKit wants the Dockerfile from one folder and the context from another; here they are one.
    private static readonly string[] Folders = ["context", "dockerfile"];

    public override async Task DiffCopy(
        IAsyncStreamReader<Packet> requestStream, IServerStreamWriter<Packet> responseStream, ServerCallContext context)
    {
        // Not gRPC's own headers, which have a list's values in one, with commas between.
        var headers = context.GetHttpContext().Request.Headers;
        var folder = headers["dir-name"].FirstOrDefault();
        if (SessionServer.AnswersOf(context).Files is not { } source || !Folders.Contains(folder, StringComparer.Ordinal))
        {
            throw new RpcException(new Status(StatusCode.NotFound, $"there is no folder {folder}"));
        }

        var files = ContextList.Of(source, ContextQuery.Of(headers));
        await new FileSender(source, files, requestStream, responseStream).SendAsync(context.CancellationToken);
    }
}
