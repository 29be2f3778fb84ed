using System.ComponentModel.DataAnnotations;

namespace Ci.Pipeline.Settings;

/// <summary><see cref="RangeAttribute"/> with the message that it is given: in its place <c>[OptionsValidator]</c> generates a copy
/// that ignores <see cref="ValidationAttribute.ErrorMessage"/>, so that nobody is told which setting is wrong.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class InRangeAttribute : RangeAttribute
{
    public InRangeAttribute(int minimum, int maximum)
        : base(minimum, maximum)
    {
    }

    public InRangeAttribute(double minimum, double maximum)
        : base(minimum, maximum)
    {
    }

    /// <summary>Between two values of a type, both allowed and written as in the settings.</summary>
    public InRangeAttribute(Type type, string minimum, string maximum)
        : base(type, minimum, maximum)
    {
    }
}
