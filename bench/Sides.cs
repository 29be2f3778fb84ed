namespace Ci.Bench;

/// <summary>Starts whatever there is to compare with on this machine, and names what is missing.</summary>
internal static class Sides
{
    public static async Task<IReadOnlyList<ISide>> StartAsync(Workbench bench, Report report, bool buildKit)
    {
        var sides = new List<ISide> { new Typed(bench, buildKit), await Ours.StartAsync(bench, buildKit) };
        if (!buildKit)
        {
            // The peers run the same script: with the other builder they tell nothing new.
            return sides;
        }

        if (WebhookPeer.Program is not null)
        {
            sides.Add(await WebhookPeer.StartAsync(bench, buildKit));
        }
        else
        {
            report.Text("`webhook` is not installed and left out: `apt-get install webhook`.\n");
        }

        if (await FlaskPeer.FindPythonAsync() is not null)
        {
            sides.Add(await FlaskPeer.StartAsync(bench, buildKit));
        }
        else
        {
            report.Text("Flask is not installed and left out: `apt-get install python3-flask`.\n");
        }

        if (BuildbotPeer.IsInstalled)
        {
            sides.Add(await BuildbotPeer.StartAsync(bench, buildKit));
        }
        else
        {
            report.Text("Buildbot is not installed and left out: `apt-get install buildbot buildbot-worker`.\n");
        }

        return sides;
    }

    public static async Task StopAsync(IEnumerable<ISide> sides)
    {
        foreach (var side in sides.Reverse())
        {
            await side.DisposeAsync();
        }
    }
}
