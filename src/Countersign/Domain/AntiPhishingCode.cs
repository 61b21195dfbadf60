using System.Diagnostics.CodeAnalysis;

namespace Countersign.Domain;

/// <summary>
/// What an account's owner chose to recognise our mail by: 4 to 20 ASCII letters and digits. Kept sealed in the store, and shown in
/// full only in mail to the account's own, proven address.
/// </summary>
public sealed class AntiPhishingCode : IEquatable<AntiPhishingCode>
{
    public const int MinLength = 4;
    public const int MaxLength = 20;

    readonly string text;

    AntiPhishingCode(string text) => this.text = text;

    /// <summary>Its first and last character, a star for each between.</summary>
    public string Masked => $"{text[0]}{new string('*', text.Length - 2)}{text[^1]}";

    public static bool TryParse(string? text, [NotNullWhen(true)] out AntiPhishingCode? code)
    {
        code = text is { Length: >= MinLength and <= MaxLength } && text.All(char.IsAsciiLetterOrDigit) ? new AntiPhishingCode(text) : null;
        return code is not null;
    }

    internal static AntiPhishingCode FromStore(string text) => new(text);

    public string Reveal() => text;

    public bool Equals(AntiPhishingCode? other) => other is not null && other.text == text;

    public override bool Equals(object? obj) => Equals(obj as AntiPhishingCode);

    public override int GetHashCode() => text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => "";
}
