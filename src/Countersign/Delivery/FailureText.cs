namespace Countersign.Delivery;

/// <summary>
/// What a sender says of a failure, fit for logs and for operators: providers like to repeat in their errors whom they were to write to, and what.
/// </summary>
static class FailureText
{
    const int MaxLength = 200;

    public static string Of(string? reason, MessageContent content)
    {
        if (string.IsNullOrWhiteSpace(reason))
            return "no reason given";

        var to = content.Destination;
        // Providers have numbers without their plus too.
        string?[] secrets = [to.Value, to.Canonical, to.Value.TrimStart('+'), content.Code, content.AntiPhishingCode];
        var text = secrets.OfType<string>().Aggregate(reason, (text, secret) => text.Replace(secret, "***", StringComparison.OrdinalIgnoreCase));
        return string.Concat(text.Take(MaxLength).Select(c => char.IsControl(c) ? ' ' : c));
    }
}
