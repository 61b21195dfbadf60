namespace Countersign.Domain;

/// <summary>Why an operator does something to an account, in the operator's words, as the audit trail keeps it.</summary>
static class SupportReason
{
    /// <summary>Characters, without the white space around them.</summary>
    public const int MinLength = 3;

    /// <summary>Characters.</summary>
    public const int MaxLength = 500;

    /// <summary>What is wrong with a reason, as a sentence for its writer; null where it is one.</summary>
    public static string? Problem(string? reason)
    {
        var text = reason?.Trim() ?? "";
        if (text.Length < MinLength)
            return $"Say why, in {MinLength} characters or more. It is kept in the account's audit trail.";
        if (text.Length > MaxLength)
            return $"A reason has {MaxLength} characters at most. This one has {text.Length}.";
        return text.Any(IsNoText) ? "A reason is one line of plain text, without line breaks, other control characters or emoji." : null;
    }

    static bool IsNoText(char c) => char.IsControl(c) || char.IsSurrogate(c);
}
