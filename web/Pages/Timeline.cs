using Ci.Pipeline.Builds;
using Ci.Pipeline.Text;

namespace Ci.Web.Pages;

/// <summary>A build's stages, with how long each took, drawn to scale.</summary>
internal static class Timeline
{
    private sealed record Part(string Name, DateTimeOffset Start, DateTimeOffset? End);

    public static Markup Render(Build build, DateTimeOffset now)
    {
        var parts = Parts(build);
        var begin = parts[0].Start;
        var end = parts.Max(part => part.End ?? now);
        var whole = Math.Max((end - begin).TotalSeconds, 0.1);
        return Markup.Of($"""
            <ol class="stages">{parts.Select((part, i) => Item(build, part, i == parts.Count - 1, begin, whole, now))}</ol>
            """);
    }

    private static List<Part> Parts(Build build)
    {
        var waits = build.StartedAt ?? build.FinishedAt;
        var parts = new List<Part> { new(build.State == BuildState.Waiting ? "Waiting" : "Queued", build.Request.QueuedAt, waits) };
        if (build.StartedAt is not { } started)
        {
            return parts;
        }

        IReadOnlyList<BuildStage> stages = build.Stages.Count == 0 ? [new BuildStage(default, null, started) { Name = "Running" }] : build.Stages;
        for (var i = 0; i < stages.Count; i++)
        {
            var stage = stages[i];
            var end = stage.EndedAt
                ?? (i + 1 < stages.Count && !stage.IsBeside ? stages[i + 1].StartedAt : build.State == BuildState.Running ? null : build.FinishedAt ?? stage.StartedAt);
            parts.Add(new Part(stage.Name, stage.StartedAt, end));
        }

        return parts;
    }

    private static Markup Item(Build build, Part part, bool isLast, DateTimeOffset begin, double whole, DateTimeOffset now)
    {
        var state = !isLast && part.End is not null ? BuildState.Succeeded : build.State;
        var end = part.End ?? now;
        var (x, width) = ((part.Start - begin).TotalSeconds / whole * 100, Math.Max((end - part.Start).TotalSeconds / whole * 100, 0.6));
        return Markup.Of($"""
            <li{(part.End is null ? Markup.Of($" aria-current=\"step\"") : Markup.None)}>{StateMark.Shape(state)}<span class="name">{part.Name}{Unseen(state, isLast)}</span>
            <svg class="bar {StateMark.Word(state)}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="track" width="100" height="6"/><rect class="part" x="{Math.Min(x, 99.4)}" width="{width}" height="6"/></svg>
            {Time(part, now)}</li>
            """);
    }

    private static Markup Unseen(BuildState state, bool isLast) =>
        isLast ? Markup.Of($"<span class=\"unseen\"> ({StateMark.Word(state)})</span>") : Markup.None;

    private static Markup Time(Part part, DateTimeOffset now) => part.End is { } end
        ? Markup.Of($"<span class=\"took\">{Format.Duration(end > part.Start ? end - part.Start : TimeSpan.Zero)}</span>")
        : Markup.Of($"<span class=\"took\" data-since=\"{Layout.Iso(part.Start)}\">{Format.Duration(now > part.Start ? now - part.Start : TimeSpan.Zero)}</span>");
}
