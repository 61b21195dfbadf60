using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>Values to store, and texts of what is stored, to compare by.</summary>
static class Sample
{
    static readonly string[] Tables =
        [
            "accounts", "user_keys", "key_claims", "one_time_tokens", "guess_budgets", "holds", "undos", "outbox", "audit_events", "ended_trails", "trail_beginnings", "idempotency_keys",
            "limits", "development_inbox", "event_deliveries", "activity", "activity_progress", "schema_versions",
        ];

    public static EmailAddress Email(string text)
    {
        Assert.True(EmailAddress.TryParse(text, out var email, out _));
        return email;
    }

    public static PhoneNumber Number(string text)
    {
        Assert.True(PhoneNumber.TryParse(text, PhoneNumberAcceptance.Shape, out var number, out _));
        return number;
    }

    public static AntiPhishingCode AntiPhishing(string text)
    {
        Assert.True(AntiPhishingCode.TryParse(text, out var code));
        return code;
    }

    public static TokenCode Code(string text)
    {
        var format = text.Replace("-", "", StringComparison.Ordinal).Length == 6 ? CodeFormat.Digits6 : CodeFormat.Base32;
        Assert.True(TokenCode.TryParse(text, format, out var code, out _));
        return code;
    }

    public static TokenCode WrongCode(params TokenCode[] right) =>
        Code(Enumerable.Range(0, 10).Select(digit => new string((char)('0' + digit), 6)).First(code => right.All(one => one.Reveal() != code)));

    public static OneTimeToken Token(byte seed, DateTimeOffset expiresAt) =>
        new(Enumerable.Repeat(seed, 32).ToArray(), $"key-{seed}", expiresAt);

    public static Message Notice(Address to, DateTimeOffset now, string? id = null) => new(
        id, MessageKind.KeyAdded, to, new Purpose(Operation.AddingKey, to.KeyType), null, null, to.Masked, null, null, now, now.AddHours(24));

    public static Message CodeMessage(string id, Address to, Purpose purpose, DateTimeOffset now) => new(
        id, MessageKind.Code, to, purpose, Code("246810"), "K7Q", to.Masked, null, null, now, now.AddMinutes(30));

    /// <summary>A request whose answer says what its key is.</summary>
    public static RepeatableRequest Request(string key, string body = "body") =>
        new(Encoding.ASCII.GetBytes(key), SHA256.HashData(Encoding.ASCII.GetBytes(body)), _ => Task.FromResult(Encoding.ASCII.GetBytes($"Answer to {key}")));

    public static KeptAnswer Answer(RepeatableRequest request) => new(request.Digest, Encoding.ASCII.GetBytes($"Answer to {Encoding.ASCII.GetString(request.Key)}"));

    /// <summary>An account to the last detail.</summary>
    public static string Text(Account? account)
    {
        if (account is null)
            return "none";

        var text = new StringBuilder();
        Line($"{account.UserId} v{account.Version} {account.Locale} {account.AntiPhishingCode?.Reveal()} frozen={Time(account.FrozenUntil)}");
        foreach (var key in account.Keys)
            Line($"{Text(key.Address)} mfa={key.MfaEnabled} {Time(key.VerifiedAt)}");
        foreach (var (reason, until) in account.Holds.OrderBy(hold => hold.Key))
            Line($"hold {reason} {Time(until)}");
        foreach (var (purpose, state) in account.Purposes.OrderBy(state => state.Key.ToString(), StringComparer.Ordinal))
        {
            Line($"{purpose} spent={state.Spent} sends={state.Sends.Issues.ToStore()}/{Time(state.Sends.LastIssuedAt)}");
            Line($"  guesses={state.Guesses.WrongTries.ToStore()}/{state.Guesses.Locks}/{Time(state.Guesses.LockedUntil)}");
            if (state.Pending is not { } pending)
                continue;

            Line($"  {Text(pending.Target)} {pending.Reference} {pending.MessageId} wrong={pending.WrongTries} {pending.Delivery}");
            Line($"  newest={Text(pending.Newest)} previous={Text(pending.Previous)}");
            Line($"  owner={Text(pending.TargetOwner)}");
        }

        return text.ToString();

        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
    }

    public static string Text(AddressOwner? owner) =>
        owner is null ? "nobody" : $"{owner.UserId} {Text(owner.Address)} {owner.Locale} {owner.AntiPhishingCode?.Reveal()} kept={Time(owner.KeptUntil)}";

    /// <summary>Every row of every table.</summary>
    public static async Task<string> DumpAsync(ISqlEngine engine)
    {
        var text = new StringBuilder();
        foreach (var table in Tables)
        {
            var rows = await engine.ReadAsync(
                new SqlStatement($"SELECT * FROM {table}"),
                reader =>
                {
                    var lines = new List<string>();
                    while (reader.Read())
                        lines.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(column => Text(reader.GetValue(column)))));
                    return lines;
                },
                CancellationToken.None);
            text.AppendLine(table);
            rows.Order(StringComparer.Ordinal).ToList().ForEach(row => text.AppendLine(row));
        }

        return text.ToString();
    }

    static string Text(object value) =>
        value is byte[] bytes ? Convert.ToHexString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    static string Text(Address address) => $"{address.KeyType} {address.Value} ({address.Canonical})";

    static string Text(OneTimeToken? token) =>
        token is null ? "none" : $"{Convert.ToHexString(token.Digest.Span)} {token.KeyId} {Time(token.ExpiresAt)}";

    static string Time(DateTimeOffset? at) => at?.ToString("O", CultureInfo.InvariantCulture) ?? "never";
}
