using System.Text;
using Ci.BuildKit;
using Ci.Pipeline.Builds;
using Ci.Pipeline.Docker;

namespace Ci.Tests.Docker;

public sealed class EngineStreamTests
{
    [Fact]
    public async Task Lines_come_in_order()
    {
        var lines = await ReadAsync(
            """
            {"stream":"Step 1/2 : FROM scratch\n"}
            {"aux":{"ID":"sha256:abc"}}

            {"errorDetail":{"code":1,"message":"boom"},"error":"boom"}
            {"status":"Pushed","id":"0a1b"}
            {"aux":{"Tag":"t","Digest":"sha256:def","Size":1}}
            """);

        Assert.Equal("Step 1/2 : FROM scratch\n", lines[0].Stream);
        Assert.Equal("sha256:abc", lines[1].ImageId);
        Assert.Equal("boom", lines[2].Error);
        Assert.Equal(("Pushed", "0a1b"), (lines[3].Status, lines[3].Id));
        Assert.Equal("sha256:def", lines[4].Digest);
    }

    [Theory]
    [InlineData("""{"stream":"Step 1""")]
    [InlineData("<html>bad gateway</html>")]
    public async Task A_line_that_was_cut_is_something_a_retry_may_cure(string text) =>
        await Assert.ThrowsAsync<ImageUnavailableException>(() => ReadAsync(text));

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("""{"stream":5,"aux":"ChEKD3NvbWV0aGluZw==","status":null,"errorDetail":[]}""")]
    public void A_line_of_another_shape_says_nothing(string text) => Assert.Equal(new EngineLine(), EngineLine.Parse(text));

    private static async Task<List<EngineLine>> ReadAsync(string text)
    {
        var lines = new List<EngineLine>();
        await foreach (var line in EngineStream.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), TestContext.Current.CancellationToken))
        {
            lines.Add(line);
        }

        return lines;
    }
}
