using Ci.Pipeline.Builds;
using Microsoft.AspNetCore.Components;

namespace Ci.Web.Pages.Regions;

/// <summary>The script replaces the part by its id.</summary>
public abstract class BuildRegion : ComponentBase
{
    /// <summary>In the order of the page.</summary>
    internal static readonly (string Id, Type Component)[] All =
    [
        ("state", typeof(StateRegion)),
        ("actions", typeof(ActionsRegion)),
        ("progress", typeof(ProgressRegion)),
        ("stages", typeof(StagesRegion)),
        ("images", typeof(ImagesRegion)),
        ("notes", typeof(NotesRegion)),
    ];

    [Parameter, EditorRequired]
    public required Build Build { get; set; }

    [Parameter]
    public Estimate? Estimate { get; set; }
}
