using System.Text.Json;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Delivery;

/// <summary>A message that went to the development inbox.</summary>
public sealed record InboxMessage(
    KeyType Channel,
    string Destination,
    string? Subject,
    string Text,
    string? Html,
    string? OneTimeToken,
    string? Reference,
    DateTimeOffset SentAt)
{
    /// <summary>The channel alone: the rest is for the recipient.</summary>
    public override string ToString() => Channel.Name();
}

/// <summary>
/// Where messages go in Development: into the store, sealed, so that every node sees them and a restart loses none. It keeps the
/// newest <see cref="Capacity"/>.
/// </summary>
sealed class DevelopmentInbox(Database database, TokenCodes codes, TimeProvider clock)
{
    public const int Capacity = 1_000;

    /// <summary>A second copy of the same message is the same row.</summary>
    public async Task KeepAsync(OutgoingMessage message, CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        var kept = new InboxMessage(
            message.Destination.KeyType, message.Destination.Value, message.Subject, message.Text, message.Html,
            message.OneTimeToken, message.Reference, now);
        var content = codes.Seal(Label(message.Id), JsonSerializer.SerializeToUtf8Bytes(kept, DeliveryJson.Default.InboxMessage));
        await database.TryCommitAsync(
            [
                new SqlStatement(
                    Insert,
                    ("@id", message.Id),
                    ("@user_id", message.UserId),
                    ("@channel", kept.Channel.Name()),
                    ("@destination", message.Destination.Canonical),
                    ("@sealed", content),
                    ("@sent_at", now.ToUnixTimeMilliseconds())),
                new SqlStatement(Prune, ("@last", Capacity - 1L)),
            ],
            ct);
    }

    /// <summary>Newest first; all, or those to one address in its canonical form.</summary>
    public Task<IReadOnlyList<InboxMessage>> ReadAsync(string? destination, CancellationToken ct) =>
        database.ReadAsync<IReadOnlyList<InboxMessage>>(
            destination is null
                ? new SqlStatement(SelectAll, ("@limit", (long)Capacity))
                : new SqlStatement(SelectTo, ("@destination", destination), ("@limit", (long)Capacity)),
            reader =>
            {
                var messages = new List<InboxMessage>();
                while (reader.Read())
                {
                    var content = codes.Open(Label(reader.GetString(0)), reader.GetFieldValue<byte[]>(1));
                    messages.Add(JsonSerializer.Deserialize(content, DeliveryJson.Default.InboxMessage)!);
                }

                return messages;
            },
            ct);

    static string Label(string id) => $"inbox/{id}";

    const string Insert =
        """
        INSERT INTO development_inbox (id, user_id, channel, destination, sealed, sent_at)
        VALUES (@id, @user_id, @channel, @destination, @sealed, @sent_at)
        ON CONFLICT (user_id, id) DO NOTHING
        """;

    const string Prune =
        """
        DELETE FROM development_inbox WHERE (sent_at, id) <
          (SELECT sent_at, id FROM development_inbox ORDER BY sent_at DESC, id DESC LIMIT 1 OFFSET @last)
        """;

    const string SelectAll = "SELECT id, sealed FROM development_inbox ORDER BY sent_at DESC, id DESC LIMIT @limit";

    const string SelectTo =
        "SELECT id, sealed FROM development_inbox WHERE destination = @destination ORDER BY sent_at DESC, id DESC LIMIT @limit";
}

/// <summary>The development inbox as the sender of one channel.</summary>
sealed class DevelopmentInboxSender(KeyType channel, DevelopmentInbox inbox) : IMessageSender
{
    public KeyType Channel => channel;

    public string Name => "inbox";

    public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        await inbox.KeepAsync(message, ct);
        return SendResult.Accepted;
    }
}
