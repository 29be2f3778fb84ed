using Ci.BuildKit.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace Ci.BuildKit.Serving;

/// <summary>Tells BuildKit a registry's credentials. The protocol's other ways (tokens made on this side) are not there; BuildKit
/// takes "unimplemented" for an answer and asks for the credentials.</summary>
internal sealed class AuthService : Auth.AuthBase
{
    public override async Task<CredentialsResponse> Credentials(CredentialsRequest request, ServerCallContext context) =>
        await SessionServer.AnswersOf(context).Credentials(request.Host, context.CancellationToken) is { } credentials
            ? new CredentialsResponse { Username = credentials.Username, Secret = credentials.Secret }
            : new CredentialsResponse();
}

internal sealed class SecretsService : Secrets.SecretsBase
{
    public override async Task<GetSecretResponse> GetSecret(GetSecretRequest request, ServerCallContext context) =>
        await SessionServer.AnswersOf(context).Secret(request.ID, context.CancellationToken) is { } value
            ? new GetSecretResponse { Data = ByteString.CopyFrom(value.Span) }
            : throw new RpcException(new Status(StatusCode.NotFound, $"there is no secret {request.ID}"));
}

internal sealed class HealthService : Health.HealthBase
{
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        Task.FromResult(new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.Serving });
}
