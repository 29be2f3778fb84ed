using Ci.Pipeline.Builds;
using Microsoft.AspNetCore.Components;

namespace Ci.Web.Pages.Regions;

/// <summary>A part of a build's page that changes while it is looked at; it has an id, by which the script replaces it.</summary>
public abstract class BuildRegion : ComponentBase
{
    /// <summary>All of them by id, in the order of the page.</summary>
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
