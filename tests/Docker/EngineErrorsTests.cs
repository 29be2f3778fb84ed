using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;

namespace Ci.Tests.Docker;

/// <summary>Whose fault an error of the engine is.</summary>
public sealed class EngineErrorsTests
{
    [Theory]
    [InlineData("The command '/bin/sh -c make' returned a non-zero code: 2")]
    [InlineData("The command '/bin/sh -c curl x' returned a non-zero code: 7: connection refused")]
    [InlineData("dockerfile parse error line 2: unknown instruction: RNU")]
    [InlineData("COPY failed: file not found in build context or excluded by .dockerignore: stat nothing: file does not exist")]
    [InlineData("pull access denied for no/such, repository does not exist or may require 'docker login'")]
    [InlineData("failed to reach build target gone in Dockerfile")]
    [InlineData("Step 2/2 : RUN x: its container could not be started: runc run failed: unable to start container process: exec: \"/bin/sh\": stat /bin/sh: no such file or directory")]
    public void The_commits(string error) => Assert.True(Assert.IsType<ImageRefusedException>(EngineErrors.OfBuild(error)).IsCertain);

    [Theory]
    [InlineData("Get \"http://localhost:5000/v2/\": dial tcp 127.0.0.1:5000: connect: connection refused")]
    [InlineData("received unexpected HTTP status: 503 Service Unavailable")]
    [InlineData("Get \"http://localhost:5000/v2/\": EOF")]
    [InlineData("rpc error: code = Unavailable desc = transport went away")]
    [InlineData("cancelled: context canceled")]
    [InlineData("Step 2/2 : RUN sleep 1: its container could not be started: runc run failed: unable to start container process: error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: level=fatal msg=\"dial unix /run/docker/libnetwork/2eec.sock: connect: no such file or directory\"")]
    public void One_that_passes(string error) => Assert.IsType<ImageUnavailableException>(EngineErrors.OfBuild(error));

    // Seen when the engine was stopped in the middle of a build.
    [Theory]
    [InlineData("failed to update store for object type *libnetwork.endpoint: open : no such file or directory")]
    [InlineData("error creating overlay mount to /var/lib/docker/overlay2/3ece/merged: invalid argument")]
    public void One_that_only_a_second_try_decides(string error) => Assert.False(Assert.IsType<ImageRefusedException>(EngineErrors.OfBuild(error)).IsCertain);

    [Fact]
    public void A_registrys_refusal_is_certain() => Assert.True(
        Assert.IsType<ImageRefusedException>(EngineErrors.OfPush("unauthorized: authentication required", "localhost:5000/x")).IsCertain);

    // 20.10's words for a push and for a base image, and a newer Go's.
    [Theory]
    [InlineData("Get \"https://registry.example:5000/v2/\": x509: certificate signed by unknown authority")]
    [InlineData("failed to do request: Head \"https://registry.example:5000/v2/base/manifests/1\": tls: failed to verify certificate: x509: certificate signed by unknown authority")]
    public void A_certificate_that_the_engine_does_not_take_is_named_with_the_place_for_its_authority(string error)
    {
        foreach (var said in new[] { EngineErrors.OfBuild(error), EngineErrors.OfPush(error, "registry.example:5000/x") })
        {
            var refused = Assert.IsType<ImageRefusedException>(said);
            Assert.True(refused.IsCertain);
            Assert.Contains("/etc/docker/certs.d/registry.example:5000/ca.crt", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_certificate_of_what_an_instruction_fetches_is_not_the_registrys() => Assert.DoesNotContain(
        "certs.d",
        EngineErrors.OfBuild("failed to load cache key: Get \"https://example.com/file\": x509: certificate signed by unknown authority").Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_step_as_long_as_a_book_is_quoted_by_its_beginning_and_its_end()
    {
        var e = Assert.IsType<ImageRefusedException>(EngineErrors.OfBuild($"The command '/bin/sh -c {new string('x', 1_000_000)}' returned a non-zero code: 3"));

        Assert.InRange(e.Message.Length, 1, 2_100);
        Assert.EndsWith("returned a non-zero code: 3.", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("""{"message":5}""")]
    [InlineData("""{"message":"\ud800"}""")]
    public void An_answer_of_another_shape_is_an_error_all_the_same(string body) =>
        Assert.NotNull(EngineErrors.OfAnswer(new global::Docker.DotNet.DockerApiException(System.Net.HttpStatusCode.InternalServerError, body)));
}
