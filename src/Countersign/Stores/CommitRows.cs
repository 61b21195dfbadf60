using System.Text;
using Countersign.Delivery;
using Countersign.Delivery.Events;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>What a commit writes. The first statement decides whether it wins; each of the others asks whether it did.</summary>
sealed class CommitRows(TokenCodes codes, AuditChain chain, Outbox outbox, EventQueue queue)
{
    readonly UndoRows undos = new(codes);
    readonly AuditRows audit = new(chain);

    /// <returns>The statements, and where the trail ends with the events of the commit.</returns>
    public (IReadOnlyList<SqlStatement> Statements, TrailMark End) Of(Commit commit)
    {
        var (before, change) = (commit.Before, commit.Change);
        var (events, end) = audit.Of(commit);
        var statements = new CommitStatements(commit);
        AddAccount(statements, commit, end);
        AddKeys(statements, before, change.After);
        AddClaims(statements, before, change, commit.At);
        AddPurposes(statements, before, change);
        AddHolds(statements, before, change.After);
        undos.Add(statements, before.UserId, change);
        foreach (var message in commit.Messages)
            statements.Add(outbox.Enqueue(message, commit.Id));
        if (change.Order is { } order)
            statements.Add(OperatorOutbox.Carry(order, commit.Id, before.UserId, commit.At));
        audit.Add(statements, events);
        if (queue.Enqueue(commit) is { } queued)
            statements.Add(queued);
        if (commit is { Answer: { } answer, By.Request: { } request })
        {
            statements.Add(
                AnswerSql.Keep,
                ("@key_digest", request.Key),
                ("@sealed", codes.Seal(SealLabel.Answer(before.UserId, request.Key), [.. answer.Request, .. answer.Answer])),
                ("@expires_at", Time(commit.At + RepeatableRequest.KeptFor)));
        }

        LimitRows.Add(statements, change, commit.At);
        // Last of all: what is above asks for the row that goes here.
        if (change.Erases)
        {
            foreach (var text in AccountSql.Erase)
                statements.Add(text);
        }

        return (statements.All, end);
    }

    void AddAccount(CommitStatements statements, Commit commit, TrailMark end)
    {
        var (before, after) = (commit.Before, commit.Change.After);
        var isNew = before.Version == 0;
        statements.Add(
            before.UserId,
            isNew ? AccountSql.Insert : AccountSql.Update,
            ("@version", isNew ? before.FormerVersion : before.Version),
            ("@last_commit_id", before.CommitId),
            ("@timeline", before.Timeline),
            ("@locale", after.Locale),
            ("@anti_phishing_code", Seal(after)),
            ("@frozen_until", Time(after.FrozenUntil)),
            ("@refusals", after.Refusals.ToStore()),
            ("@now", Time(commit.At)),
            ("@trail_events", end.Events),
            ("@trail_link", end.Link.ToArray()),
            ("@trail_seal", chain.Seal(before.UserId, end)),
            ("@trail_key_id", chain.CurrentKeyId));
        if (isNew && before.FormerVersion > 0)
            statements.Add(AuditSql.GoOn);
    }

    static void AddKeys(CommitStatements statements, Account before, Account after)
    {
        AddKey(statements, KeyType.Email, before.Email, after.Email);
        AddKey(statements, KeyType.PhoneNumber, before.PhoneNumber, after.PhoneNumber);
    }

    static void AddKey(CommitStatements statements, KeyType keyType, UserKey? old, UserKey? current)
    {
        if (old == current && old?.Address.Value == current?.Address.Value)
            return;

        if (current is null)
        {
            statements.Add(AccountSql.DeleteKey, ("@key_type", keyType.Name()));
            return;
        }

        statements.Add(
            AccountSql.UpsertKey,
            ("@key_type", keyType.Name()),
            ("@canonical", current.Address.Canonical),
            ("@address", current.Address.Value),
            ("@mfa_enabled", current.MfaEnabled ? 1L : 0L),
            ("@verified_at", Time(current.VerifiedAt)));
    }

    /// <summary>In one order for all accounts, what is given up first.</summary>
    static void AddClaims(CommitStatements statements, Account before, Change change, DateTimeOffset now)
    {
        var after = change.After;
        var isShownAlike = before.Locale == after.Locale && Equals(before.AntiPhishingCode, after.AntiPhishingCode);
        foreach (var (old, _, _) in before.Keys)
        {
            if (after.Owns(old))
                continue;
            if (change.ReleasedAt is { } releasedAt && releasedAt > now)
                statements.Add(AccountSql.KeepClaim, [.. Claim(old), ("@kept_until", Time(releasedAt))]);
            else
                statements.Add(AccountSql.ReleaseClaim, Claim(old));
        }

        foreach (var (address, _, _) in after.Keys)
        {
            if (!before.Owns(address))
            {
                statements.Add(AccountSql.TakeKept, [.. Claim(address), ("@kept_until", change.OverrulesKept ? long.MaxValue : Time(now))]);
                statements.Add(AccountSql.Claim, [.. Claim(address), ("@address", address.Value)]);
            }
            else if (!isShownAlike || before.Key(address.KeyType)!.Address.Value != address.Value)
            {
                statements.Add(AccountSql.RefreshClaim, [.. Claim(address), ("@address", address.Value)]);
            }
        }
    }

    static (string, object?)[] Claim(Address address) => [("@key_type", address.KeyType.Name()), ("@canonical", address.Canonical)];

    static void AddPurposes(CommitStatements statements, Account before, Change change)
    {
        foreach (var (purpose, state) in change.After.Purposes)
        {
            var old = before.State(purpose);
            if (state != old)
                AddPurpose(statements, state, old);
        }

        foreach (var purpose in change.Withdrawn)
        {
            if (before.State(purpose).Pending is not { AreSent: true })
                statements.Add(AccountSql.WithdrawCodes, ("@operation", purpose.Operation.Name()), ("@key_type", KeyTypeOf(purpose)));
        }

        foreach (var (purpose, newest, previous) in change.Superseded(before))
        {
            statements.Add(
                AccountSql.WithdrawSuperseded,
                ("@operation", purpose.Operation.Name()),
                ("@key_type", KeyTypeOf(purpose)),
                ("@newest", newest),
                ("@previous", previous));
        }
    }

    static void AddPurpose(CommitStatements statements, PurposeState state, PurposeState old)
    {
        var pending = state.Pending;
        statements.Add(
            AccountSql.UpsertToken,
            ("@operation", state.Purpose.Operation.Name()),
            ("@key_type", KeyTypeOf(state.Purpose)),
            ("@target_key_type", pending?.Target.KeyType.Name()),
            ("@target", pending?.Target.Value),
            ("@target_canonical", pending?.Target.Canonical),
            ("@reference", pending?.Reference),
            ("@message_id", pending?.MessageId),
            ("@digest", pending?.Newest.Digest.ToArray()),
            ("@key_id", pending?.Newest.KeyId),
            ("@expires_at", Time(pending?.Newest.ExpiresAt)),
            ("@previous_digest", pending?.Previous?.Digest.ToArray()),
            ("@previous_key_id", pending?.Previous?.KeyId),
            ("@previous_expires_at", Time(pending?.Previous?.ExpiresAt)),
            ("@wrong_tries", (long?)pending?.WrongTries),
            ("@spent", state.Spent ? 1L : 0L),
            ("@last_issued_at", Time(state.Sends.LastIssuedAt)),
            ("@issues", state.Sends.Issues.ToStore()));
        if (state.Guesses == old.Guesses)
            return;

        statements.Add(
            AccountSql.UpsertGuesses,
            ("@operation", state.Purpose.Operation.Name()),
            ("@key_type", KeyTypeOf(state.Purpose)),
            ("@wrong_tries", state.Guesses.WrongTries.ToStore()),
            ("@locks", (long)state.Guesses.Locks),
            ("@locked_until", Time(state.Guesses.LockedUntil)));
    }

    static void AddHolds(CommitStatements statements, Account before, Account after)
    {
        if (ReferenceEquals(before.Holds, after.Holds))
            return;

        foreach (var (reason, until) in after.Holds)
        {
            if (!before.Holds.TryGetValue(reason, out var old) || old != until)
                statements.Add(AccountSql.UpsertHold, ("@reason", reason.Name()), ("@held_until", Time(until)));
        }

        foreach (var reason in before.Holds.Keys)
        {
            if (!after.Holds.ContainsKey(reason))
                statements.Add(AccountSql.DeleteHold, ("@reason", reason.Name()));
        }
    }

    byte[]? Seal(Account account) =>
        account.AntiPhishingCode is { } code ? codes.Seal(SealLabel.AntiPhishingCode(account.UserId), Encoding.ASCII.GetBytes(code.Reveal())) : null;

    static string KeyTypeOf(Purpose purpose) => purpose.KeyType?.Name() ?? "";

    static long? Time(DateTimeOffset? at) => at?.ToUnixTimeMilliseconds();
}

/// <summary>The statements of one commit, each with its account and its id.</summary>
sealed class CommitStatements(Commit commit)
{
    /// <summary>Most commits have fewer.</summary>
    const int Usual = 10;

    readonly List<SqlStatement> statements = new(Usual);
    readonly (string, object?) user = ("@user_id", commit.Before.UserId);
    readonly (string, object?) id = ("@commit_id", commit.Id);

    public IReadOnlyList<SqlStatement> All => statements;

    public void Add(string text, params ReadOnlySpan<(string Name, object? Value)> parameters) => Add(null, text, parameters);

    /// <param name="row"><see cref="SqlStatement.Row"/></param>
    public void Add(string? row, string text, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Add(new SqlStatement(text, [user, id, .. parameters]) { Row = row });

    /// <summary>One that names the commit by itself.</summary>
    public void Add(SqlStatement statement) => statements.Add(statement);
}

/// <summary>What is sealed for an account, apart from messages and undo links: it opens under the same label only.</summary>
static class SealLabel
{
    public static string Answer(string userId, byte[] key) => $"answer/{Convert.ToHexString(key)}/{userId}";

    public static string AntiPhishingCode(string userId) => $"anti-phishing-code/{userId}";
}
