namespace Countersign.Domain;

/// <summary>
/// What the platform says of an account: its keys, which the platform has verified, and its settings. MFA or an anti-phishing code
/// needs the key that it works through.
/// </summary>
public sealed record AccountProfile
{
    public EmailAddress? Email { get; init; }
    public PhoneNumber? PhoneNumber { get; init; }

    /// <summary>A BCP 47 language tag; messages are in the nearest language that there are templates for.</summary>
    public string? Locale { get; init; }
    public bool EmailMfa { get; init; }
    public bool PhoneNumberMfa { get; init; }
    public AntiPhishingCode? AntiPhishingCode { get; init; }

    internal IEnumerable<Address> Addresses => new Address?[] { Email, PhoneNumber }.OfType<Address>();

    internal Address? Address(KeyType keyType) => keyType switch
    {
        KeyType.Email => Email,
        KeyType.PhoneNumber => PhoneNumber,
    };

    internal bool Mfa(KeyType keyType) => keyType switch
    {
        KeyType.Email => EmailMfa,
        KeyType.PhoneNumber => PhoneNumberMfa,
    };

    /// <summary>The profile without the keys that are somebody else's.</summary>
    internal AccountProfile Without(IReadOnlyCollection<Address> taken) => this with
    {
        Email = Email is not null && taken.Contains(Email) ? null : Email,
        PhoneNumber = PhoneNumber is not null && taken.Contains(PhoneNumber) ? null : PhoneNumber,
    };
}

/// <summary>What the platform does to an account, rather than its owner.</summary>
static class Provisioning
{
    /// <summary>A new account. Nobody is told: nothing has changed for anybody yet.</summary>
    public static Change Create(string userId, AccountProfile profile, DateTimeOffset now)
    {
        var account = Account.New(userId) with { Locale = profile.Locale, AntiPhishingCode = profile.AntiPhishingCode };
        foreach (var address in profile.Addresses)
            account = account.With(new UserKey(address, now, profile.Mfa(address.KeyType)));

        return Change.Of(account).Record(AuditEventType.AccountProvisioned);
    }

    /// <summary>
    /// What differs, made as the account's owner would have made it: with the same notices, the same audit events, and the same
    /// end of pending tokens. Support staff who are talked into changing an address are a way to take over an account.
    /// </summary>
    public static Change? Replace(Account before, AccountProfile profile, Rules rules, DateTimeOffset now)
    {
        var change = Change.Of(before with { Locale = profile.Locale });
        foreach (var keyType in Enum.GetValues<KeyType>())
            change = ReplaceKey(before, change, keyType, profile.Address(keyType), rules, now);

        foreach (var key in change.After.Keys.ToList())
        {
            var isEnabled = profile.Mfa(key.KeyType);
            var purpose = new Purpose(isEnabled ? Operation.EnablingMfa : Operation.DisablingMfa, key.KeyType);
            if (key.MfaEnabled != isEnabled)
                change = Mfa.Switch(before, change, key.KeyType, isEnabled, purpose, rules, now);
        }

        if (!Equals(change.After.AntiPhishingCode, profile.AntiPhishingCode))
        {
            var purpose = new Purpose(before.AntiPhishingCode is null ? Operation.AddingAntiPhishing : Operation.ChangingAntiPhishing, null);
            change = AntiPhishing.Set(before, change, profile.AntiPhishingCode, purpose, rules, now);
        }

        // Addresses are equal in any spelling; the one that is written to is what the platform says now.
        var isRespelt = !change.After.Keys.Select(key => key.Address.Value).SequenceEqual(before.Keys.Select(key => key.Address.Value));
        if (change.After == before && !isRespelt)
            return null;

        // What the platform has said is not undone by a link that is older.
        return change.Events.IsEmpty ? change : change with { VoidsUndosFrom = 0 };
    }

    /// <param name="reason">Why, where somebody had to say so.</param>
    public static Change Erase(Account account, string? reason = null) =>
        Change.Of(account).Record(AuditEventType.AccountErased, reason: reason) with { Erases = true };

    static Change ReplaceKey(Account before, Change change, KeyType keyType, Address? wanted, Rules rules, DateTimeOffset now)
    {
        var current = before.Key(keyType);
        if (current is null)
            return wanted is null ? change : AddingKey.Add(before, change, wanted, new Purpose(Operation.AddingKey, keyType), rules, now);
        if (wanted is null)
            return RemovingKey.Remove(before, change, current.Address, new Purpose(Operation.RemovingKey, keyType), rules, now);
        if (!wanted.Equals(current.Address))
            return ChangingKey.Replace(before, change, current.Address, wanted, new Purpose(Operation.ChangingNewKey, keyType), rules, now);

        // The same key; at most the case of its local part is written otherwise now.
        return wanted.Value == current.Address.Value ? change : change with { After = change.After.With(current with { Address = wanted }) };
    }
}
