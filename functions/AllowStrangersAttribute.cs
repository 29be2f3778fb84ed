namespace Ci.Functions;

/// <summary>Lets callers without the key use a function. One that does not have it is closed to them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AllowStrangersAttribute : Attribute
{
    /// <summary>Whether the function itself counts what an address does, and refuses it; else every call counts.</summary>
    public bool CountsItself { get; init; }
}
