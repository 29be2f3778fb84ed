using Ci.StandIn;

// Serves one repository that exists only here, so that the API can be looked at: standin [--port N]
var port = args is ["--port", var text] ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : 0;
using var repository = await GitRepository.CreateAsync();
await using var gitHub = await GitHubStandIn.StartAsync(new GitHubStandInOptions { Port = port });
gitHub.Add("sample/repository", repository);
Console.WriteLine($"Playing GitHub at {gitHub.BaseUrl} with repository sample/repository in {repository.Folder}. Ctrl-C ends it.");
var stopped = new TaskCompletionSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stopped.TrySetResult();
};
await stopped.Task;
