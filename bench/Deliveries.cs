using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Ci.StandIn;

namespace Ci.Bench;

/// <summary>Deliveries that are made and signed before the clock starts: each opens a pull request of its own.</summary>
internal sealed class Deliveries : IDisposable
{
    // As on a host of many teams.
    private const int Repositories = 50;

    private static int _number;

    private readonly HttpClient _http = new();
    private readonly byte[][] _bodies;
    private readonly string[] _signatures;

    public Deliveries(int count)
    {
        _bodies = [.. Enumerable.Range(0, count).Select(_ => Body())];
        _signatures = [.. _bodies.Select(body => GitHubStandIn.Sign(Settings.Secret, body))];
    }

    public async Task SendAsync(Uri webhook, int index)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook) { Content = new ByteArrayContent(_bodies[index]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-GitHub-Event", "pull_request");
        request.Headers.Add("X-GitHub-Delivery", Guid.NewGuid().ToString());
        request.Headers.Add("X-Hub-Signature-256", _signatures[index]);
        using var response = await _http.SendAsync(request);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException(
                $"A delivery was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }
    }

    public void Dispose() => _http.Dispose();

    private static byte[] Body()
    {
        var number = Interlocked.Increment(ref _number);
        var repository = $"{Settings.Owner}/repository-{number % Repositories}";
        return Encoding.UTF8.GetBytes(new PullRequestState
        {
            Repository = repository,
            Number = number,
            Branch = "feature",
            Head = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)),
            Title = "A change like any other",
            HeadRepository = repository,
            UpdatedAt = DateTimeOffset.UtcNow,
        }.Payload("opened").ToJsonString());
    }
}
