using System.Data.Common;
using Countersign.Domain;
using Countersign.Stores;
using Microsoft.Extensions.Logging;

namespace Countersign.Delivery;

/// <summary>A message as an operator may see it: whose it is and what became of it, and neither its address nor what it says.</summary>
sealed record MessageView(
    string UserId,
    string Id,
    string Channel,
    MessageKind Kind,
    string Operation,
    string? KeyType,
    string DestinationMasked,
    string State,
    int Attempts,
    DateTimeOffset CreatedAt,
    DateTimeOffset DueAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? FinishedAt,
    string? LastError)
{
    /// <summary>What it said is gone: it was sent, withdrawn, or died of its expiry.</summary>
    public required bool IsErased { get; init; }

    /// <summary>Who took it; null where nobody has.</summary>
    public string? Provider { get; init; }

    /// <summary>What they said of it afterwards: SENT, DELIVERED or FAILED; null for nothing.</summary>
    public string? Receipt { get; init; }

    public bool CanRetry(DateTimeOffset now) => State == OutboxState.Dead && !IsErased && ExpiresAt > now;

    public bool CanDrop => State is OutboxState.Queued or OutboxState.Dead;
}

/// <summary>A place in a list of messages: those before it come next.</summary>
/// <param name="Id">Tells messages apart that were due at the same time; empty for none of them.</param>
sealed record MessagePlace(DateTimeOffset DueAt, string Id)
{
    public static readonly MessagePlace End = new(DateTimeOffset.MaxValue, "");
}

/// <summary>What came of an operator's action on a message.</summary>
/// <param name="Message">As it is now; null where there is none.</param>
sealed record ActionOutcome(bool IsDone, MessageView? Message);

/// <summary>The outbox as an operator works on it.</summary>
sealed partial class OperatorOutbox(Database database, SendQueue queue, TimeProvider clock, ILogger<OperatorOutbox> log)
{
    /// <summary>Those that were due last come first.</summary>
    public Task<IReadOnlyList<MessageView>> ListAsync(string state, string? userId, MessagePlace before, int limit, CancellationToken ct)
    {
        (string, object?)[] parameters =
            [("@state", state), ("@before_due", before.DueAt.ToUnixTimeMilliseconds()), ("@before_id", before.Id), ("@limit", (long)limit)];
        var statement = userId is null
            ? new SqlStatement(OperatorSql.List, parameters)
            : new SqlStatement(OperatorSql.ListOfUser, [.. parameters, ("@user_id", userId)]);
        return database.ReadAsync(statement, ReadAll, ct);
    }

    /// <summary>The newest messages of an account, newest first.</summary>
    public Task<IReadOnlyList<MessageView>> ListNewestAsync(string userId, int limit, CancellationToken ct) =>
        database.ReadAsync(new SqlStatement(OperatorSql.Newest, ("@user_id", userId), ("@limit", (long)limit)), ReadAll, ct);

    /// <summary>Null where there is none.</summary>
    public Task<MessageView?> FindAsync(string userId, string id, CancellationToken ct) => database.ReadAsync(
        new SqlStatement(OperatorSql.Find, ("@user_id", userId), ("@id", id)), ReadOne, ct);

    /// <summary>What a commit does to the message that its change has an order for.</summary>
    public static SqlStatement Carry(MessageOrder order, string commitId, string userId, DateTimeOffset now) => new(
        order.Action switch
        {
            MessageAction.Retry => OperatorSql.RetryInCommit,
            MessageAction.Drop => OperatorSql.DropInCommit,
        },
        ("@user_id", userId),
        ("@commit_id", commitId),
        ("@id", order.MessageId),
        ("@now", now.ToUnixTimeMilliseconds()));

    /// <summary>Queues a dead message again, as if it had never been tried. Not done where it is not dead, or has expired.</summary>
    public async Task<ActionOutcome> RetryAsync(string actor, string userId, string id, CancellationToken ct)
    {
        var outcome = await ActAsync(OperatorSql.Retry, userId, id, ct);
        if (outcome.IsDone)
            LogRetried(id, actor);
        return outcome;
    }

    /// <summary>Ends a message that is dead or waits. One that a worker has in its hands may still go out. Not done where it is finished.</summary>
    public async Task<ActionOutcome> DropAsync(string actor, string userId, string id, CancellationToken ct)
    {
        var outcome = await ActAsync(OperatorSql.Drop, userId, id, ct);
        if (outcome.IsDone)
        {
            queue.Withdraw(userId, message => message.Id == id);
            LogDropped(id, actor);
        }

        return outcome;
    }

    async Task<ActionOutcome> ActAsync(string text, string userId, string id, CancellationToken ct)
    {
        var statement = new SqlStatement(text, ("@user_id", userId), ("@id", id), ("@now", clock.GetUtcNow().ToUnixTimeMilliseconds()));
        return await database.WriteAsync(statement, ReadOne, ct) is { } changed
            ? new ActionOutcome(true, changed)
            : new ActionOutcome(false, await FindAsync(userId, id, ct));
    }

    static MessageView? ReadOne(DbDataReader reader) => reader.Read() ? Read(reader) : null;

    static IReadOnlyList<MessageView> ReadAll(DbDataReader reader)
    {
        var messages = new List<MessageView>();
        while (reader.Read())
            messages.Add(Read(reader));
        return messages;
    }

    static MessageView Read(DbDataReader reader)
    {
        DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));
        var keyType = reader.GetString(5);
        return new MessageView(
            reader.GetString(0),
            reader.GetString(1),
            reader.GetString(2),
            Enum.Parse<MessageKind>(reader.GetString(3)),
            reader.GetString(4),
            keyType.Length == 0 ? null : keyType,
            reader.GetString(6),
            reader.GetString(7),
            (int)reader.GetInt64(8),
            Time(9),
            Time(10),
            Time(11),
            reader.IsDBNull(12) ? null : Time(12),
            reader.IsDBNull(13) ? null : reader.GetString(13))
        {
            IsErased = reader.GetBoolean(14),
            Provider = reader.IsDBNull(15) ? null : reader.GetString(15),
            Receipt = reader.IsDBNull(16) ? null : reader.GetString(16),
        };
    }

    [LoggerMessage(LogLevel.Information, "Message {MessageId} is queued again by {Actor}")]
    partial void LogRetried(string messageId, string actor);

    [LoggerMessage(LogLevel.Information, "Message {MessageId} is dropped by {Actor}")]
    partial void LogDropped(string messageId, string actor);
}

/// <summary>The statements of <see cref="OperatorOutbox"/>.</summary>
static class OperatorSql
{
    const string Columns =
        """
        user_id, id, channel, kind, operation, key_type, destination_masked, state, attempts, created_at, due_at, expires_at,
          finished_at, last_error, sealed IS NULL, provider, receipt
        """;

    public const string List =
        $"""
        SELECT {Columns} FROM outbox
        WHERE state = @state AND (due_at, id) < (@before_due, @before_id)
        ORDER BY due_at DESC, id DESC
        LIMIT @limit
        """;

    public const string ListOfUser =
        $"""
        SELECT {Columns} FROM outbox
        WHERE user_id = @user_id AND state = @state AND (due_at, id) < (@before_due, @before_id)
        ORDER BY due_at DESC, id DESC
        LIMIT @limit
        """;

    public const string Newest =
        $"""
        SELECT {Columns} FROM outbox WHERE user_id = @user_id
        ORDER BY created_at DESC, id DESC
        LIMIT @limit
        """;

    public const string Find = $"SELECT {Columns} FROM outbox WHERE {ThisOne}";

    public const string Retry = $"UPDATE outbox SET state = 'QUEUED', {AsNew} WHERE {ThisOne} AND {CanRetry} RETURNING {Columns}";

    public const string Drop = $"UPDATE outbox SET state = 'WITHDRAWN', {Ended} WHERE {ThisOne} AND {CanDrop} RETURNING {Columns}";

    /// <summary>
    /// The state that is none fails the commit, which says in the trail what was done: where the message has become another since it was decided
    /// upon, all is decided anew.
    /// </summary>
    public const string RetryInCommit =
        $"UPDATE outbox SET state = CASE WHEN {CanRetry} THEN 'QUEUED' END, {AsNew} WHERE {ThisOne} AND {AccountSql.Won}";

    /// <inheritdoc cref="RetryInCommit"/>
    public const string DropInCommit =
        $"UPDATE outbox SET state = CASE WHEN {CanDrop} THEN 'WITHDRAWN' END, {Ended} WHERE {ThisOne} AND {AccountSql.Won}";

    const string ThisOne = "user_id = @user_id AND id = @id";

    const string CanRetry = "state = 'DEAD' AND sealed IS NOT NULL AND expires_at > @now";

    const string CanDrop = "state IN ('QUEUED', 'DEAD')";

    const string AsNew =
        "attempts = 0, due_at = @now, leased_by = NULL, leased_until = 0, finished_at = NULL, provider = NULL, provider_id = NULL, receipt = NULL";

    const string Ended = "sealed = NULL, leased_by = NULL, finished_at = @now, last_error = 'dropped by an operator'";
}
