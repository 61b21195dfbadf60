namespace Countersign.Delivery;

/// <summary>
/// What a sender says of a failure, fit for logs and for operators: providers like to repeat in their errors whom they were to write to, and what.
/// </summary>
static class FailureText
{
    const int MaxLength = 200;

    /// <summary>What no reason may repeat of a message, in the forms in which it travels.</summary>
    public static IReadOnlyList<string> SecretsOf(MessageContent content)
    {
        var (to, code) = (content.Destination, content.Code);
        string?[] secrets =
        [
            to.Value, to.Canonical, Uri.EscapeDataString(to.Value), Uri.EscapeDataString(to.Canonical),
            // Providers have numbers without their plus too, and codes without their dash.
            to.Value.TrimStart('+'), code, code?.Replace("-", "", StringComparison.Ordinal), content.AntiPhishingCode, content.UndoToken,
        ];
        return [.. secrets.OfType<string>()];
    }

    public static string Of(string? reason, IReadOnlyList<string> secrets) =>
        Cut(reason is null ? null : secrets.Aggregate(reason, (text, secret) => text.Replace(secret, "***", StringComparison.OrdinalIgnoreCase)));

    /// <summary>One line of what names nobody any more.</summary>
    public static string Cut(string? reason) => string.IsNullOrWhiteSpace(reason)
        ? "no reason given"
        : string.Concat(reason.Take(MaxLength).Select(c => char.IsControl(c) ? ' ' : c));
}
