using System.Text.Json;
using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite;

/// <summary>What belongs to one account of the load: its bearer, and addresses that differ in their masks.</summary>
sealed class Household(int number)
{
    int lastKey;

    public string UserId => $"user-{number}";

    public string Bearer { get; } = Cluster.Bearer($"user-{number}");

    public string FirstEmail => $"a@first.{number}.example";

    /// <summary>One in eight emails is what the neighbour may want too.</summary>
    public string NewKey(KeyType keyType, Random random)
    {
        var key = Interlocked.Increment(ref lastKey);
        return keyType switch
        {
            KeyType.Email when random.Next(8) == 0 => $"a@shared-{random.Next(4)}.{number / 2}.example",
            KeyType.Email => $"a@{key}.{number}.example",
            KeyType.PhoneNumber => $"+491{number:0000000}{key % 1_000:000}",
        };
    }
}

/// <summary>An account as its owner sees it.</summary>
sealed record AccountState(IReadOnlyDictionary<KeyType, bool> Mfa, bool HasAntiPhishingCode)
{
    public static AccountState Of(JsonElement account) => new(
        account.GetProperty("userKeys").EnumerateArray().ToDictionary(
            key => Names.TryParseKeyType(key.GetProperty("keyType").GetString(), out var keyType) ? keyType : throw new InvalidOperationException(),
            key => key.GetProperty("mfaEnabled").GetBoolean()),
        account.GetProperty("antiPhishingCode").ValueKind != JsonValueKind.Null);

    /// <summary>Mostly something that is allowed; sometimes anything.</summary>
    public Purpose Draw(Random random)
    {
        var allowed = All.Where(IsAllowed).ToList();
        return random.Next(12) == 0 || allowed.Count == 0 ? All[random.Next(All.Count)] : allowed[random.Next(allowed.Count)];
    }

    static IReadOnlyList<Purpose> All { get; } =
    [
        .. from operation in Enum.GetValues<Operation>()
           where operation != Operation.ChangingNewKey
           from keyType in new KeyType?[] { KeyType.Email, KeyType.PhoneNumber, null }
           let purpose = new Purpose(operation, keyType)
           where purpose.IsWhole
           select purpose,
    ];

    bool IsAllowed(Purpose purpose) => purpose.Operation switch
    {
        Operation.AddingKey => !Mfa.ContainsKey(purpose.KeyType!.Value),
        Operation.ChangingKey => IsOff(purpose),
        Operation.RemovingKey => IsOff(purpose) && Mfa.Count > 1,
        Operation.EnablingMfa => IsOff(purpose),
        Operation.DisablingMfa => Mfa.GetValueOrDefault(purpose.KeyType!.Value),
        Operation.AddingAntiPhishing => Mfa.ContainsKey(KeyType.Email) && !HasAntiPhishingCode,
        Operation.ChangingAntiPhishing => HasAntiPhishingCode,
        Operation.ChangingNewKey => false,
    };

    bool IsOff(Purpose purpose) => Mfa.TryGetValue(purpose.KeyType!.Value, out var isOn) && !isOn;
}

/// <summary>What the load has begun.</summary>
sealed class Tally
{
    readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> operations = [];
    int races;

    public IReadOnlyDictionary<string, int> Operations => operations;

    /// <summary>Several requests at once that must not all succeed.</summary>
    public int Races => races;

    public void Count(string operation) => operations.AddOrUpdate(operation, 1, (_, count) => count + 1);

    public void CountRace() => Interlocked.Increment(ref races);
}
