namespace Countersign.Delivery;

/// <summary>A text with blanks.</summary>
/// <param name="Literals">What stands before, between and after the blanks: one more than there are.</param>
/// <param name="Marked">The blanks, in the order in which they stand: from 0, as their marks are from <see cref="Blanks.FirstMark"/>.</param>
sealed record FormText(string[] Literals, int[] Marked)
{
    public int Length => Literals.Sum(literal => literal.Length);

    public static FormText Of(string text)
    {
        var (literals, marked, start) = (new List<string>(), new List<int>(), 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is < Blanks.FirstMark or > Blanks.LastMark)
                continue;
            literals.Add(text[start..i]);
            marked.Add(text[i] - Blanks.FirstMark);
            start = i + 1;
        }

        return new FormText([.. literals, text[start..]], [.. marked]);
    }

    /// <param name="values">By blank.</param>
    public string Fill(string?[] values)
    {
        var pieces = new string?[Literals.Length + Marked.Length];
        for (var i = 0; i < Marked.Length; i++)
            (pieces[2 * i], pieces[(2 * i) + 1]) = (Literals[i], values[Marked[i]]);
        pieces[^1] = Literals[^1];
        return string.Concat(pieces);
    }

    /// <summary>The text with its marks.</summary>
    public string Marks() => Fill([.. Enumerable.Range(0, Blanks.LastMark - Blanks.FirstMark + 1).Select(Blanks.Mark)]);
}
