using System.Net;
using System.Text;

namespace Ci.Tests.GitHub;

/// <summary>GitHub as a test tells it to answer, one after the other and the last for ever; and what it was asked.</summary>
internal sealed class ScriptedGitHub(params Func<HttpResponseMessage>[] answers) : HttpMessageHandler
{
    private readonly Queue<Func<HttpResponseMessage>> _answers = new(answers);

    public List<Asked> Requests { get; } = [];

    public IEnumerable<string> Methods => Requests.Select(request => request.Method.Method);

    public HttpClient Http(string api = "https://api.github.example/") => new(this, disposeHandler: false) { BaseAddress = new Uri(api) };

    public static Func<HttpResponseMessage> Answer(int status, string headers = "", string body = "{}") => () =>
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var header in headers.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            response.Headers.TryAddWithoutValidation(header.Split(": ")[0], header.Split(": ")[1]);
        }

        return response;
    };

    public static Func<HttpResponseMessage> Problem(int status, string message, string headers = "") =>
        Answer(status, headers, $$"""{"message":"{{message}}","documentation_url":"https://docs.github.com/rest"}""");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        Requests.Add(new Asked(request.Method, request.RequestUri!, request.Headers.Authorization?.ToString(), body));
        return (_answers.Count > 1 ? _answers.Dequeue() : _answers.Peek())();
    }

    public sealed record Asked(HttpMethod Method, Uri Address, string? Authorization, string? Body);
}
