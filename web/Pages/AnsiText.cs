using System.Text;
using System.Text.RegularExpressions;

namespace Ci.Web.Pages;

/// <summary>ECMA-48 "SGR". Colours last from line to line; other control sequences are left out, and no text becomes markup.</summary>
internal sealed partial class AnsiText
{
    private int? _colour;
    private int? _ground;
    private bool _isBold;
    private bool _isDim;
    private bool _isItalic;
    private bool _isUnderlined;

    public void Reset() => Set(0);

    public Markup Line(string line)
    {
        if (!line.Contains('\e') && Classes().Length == 0)
        {
            return Markup.Of($"{line}");
        }

        var parts = new List<Markup>();
        var done = 0;
        foreach (Match code in Sequences().Matches(line))
        {
            parts.Add(Span(line[done..code.Index]));
            done = code.Index + code.Length;
            if (code.Groups["sgr"].Success)
            {
                Apply(code.Groups["sgr"].Value);
            }
        }

        parts.Add(Span(line[done..]));
        return Markup.Join(parts);
    }

    // CSI sequences, of which the ones that end in 'm' are colours; OSC strings (titles, links); and two-character ones.
    [GeneratedRegex(@"\e\[(?<sgr>[0-9;:]*)m|\e\[[0-?]*[ -/]*[@-~]|\e\][^\a\e]*(?:\a|\e\\)?|\e[@-Z\\-_=>()][0-9A-B]?|\e")]
    private static partial Regex Sequences();

    private Markup Span(string text)
    {
        if (text.Length == 0)
        {
            return Markup.None;
        }

        var classes = Classes();
        return classes.Length == 0 ? Markup.Of($"{text}") : Markup.Of($"<span class=\"{classes}\">{text}</span>");
    }

    private string Classes()
    {
        var classes = new StringBuilder();
        void Add(bool isSet, string name) => classes.Append(isSet ? name : "");
        Add(_isBold, "b ");
        Add(_isDim, "d ");
        Add(_isItalic, "i ");
        Add(_isUnderlined, "u ");
        Add(_colour is not null, $"f{_colour} ");
        Add(_ground is not null, $"g{_ground} ");
        return classes.ToString().TrimEnd();
    }

    private void Apply(string sgr)
    {
        var codes = sgr.Split(';', ':').Select(code => int.TryParse(code, out var number) ? number : 0).ToArray();
        for (var i = 0; i < codes.Length; i++)
        {
            if (codes[i] is 38 or 48)
            {
                i = Extended(codes, i);
            }
            else
            {
                Set(codes[i]);
            }
        }
    }

    /// <summary>38;5;N and 38;2;R;G;B: only what is among the sixteen colours is shown.</summary>
    private int Extended(int[] codes, int at)
    {
        if (at + 2 < codes.Length && codes[at + 1] == 5)
        {
            int? colour = codes[at + 2] is >= 0 and < 16 and var named ? named : null;
            (_colour, _ground) = codes[at] == 38 ? (colour, _ground) : (_colour, colour);
            return at + 2;
        }

        return at + 1 < codes.Length && codes[at + 1] == 2 ? Math.Min(at + 4, codes.Length) : at + 1;
    }

    private void Set(int code)
    {
        switch (code)
        {
            case 0: (_colour, _ground, _isBold, _isDim, _isItalic, _isUnderlined) = (null, null, false, false, false, false); break;
            case 1: _isBold = true; break;
            case 2: _isDim = true; break;
            case 3: _isItalic = true; break;
            case 4: _isUnderlined = true; break;
            case 22: (_isBold, _isDim) = (false, false); break;
            case 23: _isItalic = false; break;
            case 24: _isUnderlined = false; break;
            case >= 30 and <= 37: _colour = code - 30; break;
            case 39: _colour = null; break;
            case >= 40 and <= 47: _ground = code - 40; break;
            case 49: _ground = null; break;
            case >= 90 and <= 97: _colour = code - 82; break;
            case >= 100 and <= 107: _ground = code - 92; break;
        }
    }
}
