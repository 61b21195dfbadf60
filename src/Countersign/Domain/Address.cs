namespace Countersign.Domain;

/// <summary>
/// Where a message goes and what a user key holds: an <see cref="EmailAddress"/> or a <see cref="PhoneNumber"/>.
/// Two addresses are the same user key when their <see cref="Canonical"/> forms are equal; mail and SMS go to <see cref="Value"/>.
/// </summary>
public abstract class Address : IEquatable<Address>
{
    private protected Address(string value, string canonical)
    {
        Value = value;
        Canonical = canonical;
    }

    public abstract KeyType KeyType { get; }

    /// <summary>The address as it is stored and written to.</summary>
    public string Value { get; }

    /// <summary>The form that is unique across accounts.</summary>
    public string Canonical { get; }

    /// <summary>The form that answers, messages and audit events show: <c>a***e@example.com</c>, <c>+******789</c>.</summary>
    public abstract string Masked { get; }

    public bool Equals(Address? other) => other is not null && other.KeyType == KeyType && other.Canonical == Canonical;

    public override bool Equals(object? obj) => Equals(obj as Address);

    public override int GetHashCode() => HashCode.Combine(KeyType, Canonical);

    /// <summary>The mask, so that no address reaches a log by accident.</summary>
    public sealed override string ToString() => Masked;

    /// <summary>An address that the store holds, hence one that was checked when it came in.</summary>
    internal static Address FromStore(KeyType keyType, string value) => keyType switch
    {
        KeyType.Email => EmailAddress.FromStore(value),
        KeyType.PhoneNumber => PhoneNumber.FromStore(value),
    };
}
