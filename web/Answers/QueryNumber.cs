using System.Globalization;

namespace Ci.Web.Answers;

public static class QueryNumber
{
    /// <summary>Nothing at all is <paramref name="fallback"/>.</summary>
    public static bool TryRead(string? text, long fallback, long least, long most, out long number)
    {
        number = fallback;
        return string.IsNullOrEmpty(text)
            || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most);
    }
}
