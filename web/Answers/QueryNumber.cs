using System.Globalization;

namespace Ci.Web.Answers;

/// <summary>Numbers in a query.</summary>
public static class QueryNumber
{
    /// <summary>
    /// Reads one; false when it is none from <paramref name="least"/> to <paramref name="most"/>. Nothing at all is
    /// <paramref name="fallback"/>.
    /// </summary>
    public static bool TryRead(string? text, long fallback, long least, long most, out long number)
    {
        number = fallback;
        return string.IsNullOrEmpty(text)
            || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most);
    }
}
