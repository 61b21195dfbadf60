using System.Globalization;
using Countersign.Bench.Load;
using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Bench.Seeding;

/// <summary>Messages that wait to be tried again, later than any run lasts: notices, spread over the accounts.</summary>
sealed class OutboxRows(TokenCodes codes, long accounts, DateTimeOffset now)
{
    public static readonly SeededTable Table = new(
        "outbox",
        "user_id, id, channel, kind, operation, key_type, carries_code, destination_masked, sealed, state, attempts, due_at, expires_at, leased_until, created_at, last_error");

    static readonly TimeSpan DueIn = TimeSpan.FromDays(1);
    static readonly TimeSpan ExpiresIn = TimeSpan.FromDays(2);

    public IEnumerable<object?[]> All(long count)
    {
        for (var number = 0L; number < count; number++)
            yield return Of(number * accounts / count, string.Create(CultureInfo.InvariantCulture, $"{number:x32}"));
    }

    object?[] Of(long account, string id)
    {
        var userId = Sample.UserId(account);
        var content = new MessageContent(
            MessageKind.AntiPhishingCodeSet, KeyType.Email, Sample.Email(account), Operation.ChangingAntiPhishing, null, null, null, "C******0", "Code0000", null, now,
            now + ExpiresIn);
        return
        [
            userId, id, content.Channel.Name(), content.Kind.ToString(), content.Operation.Name(), "", 0L, content.Destination.Masked,
            codes.Seal($"message/{id}/{userId}", content.ToBytes()), "QUEUED", 1L, Time(now + DueIn), Time(now + ExpiresIn), 0L, Time(now),
            "the mail server does not answer",
        ];
    }

    static long Time(DateTimeOffset at) => at.ToUnixTimeMilliseconds();
}
