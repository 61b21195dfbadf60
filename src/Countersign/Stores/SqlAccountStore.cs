using System.Collections.Immutable;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Countersign.Delivery;
using Countersign.Delivery.Events;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>The accounts in SQL: loads the aggregate from its rows, and writes what a decision has changed.</summary>
sealed class SqlAccountStore(Database database, TokenCodes codes, AuditChain chain, Outbox outbox, EventQueue queue, StoreMemory memory)
    : IAccountStore
{
    readonly UndoRows undos = new(codes);
    readonly AuditRows audit = new(chain);

    public async Task<LoadedAccount> LoadAsync(string userId, Address? newKey, CancellationToken ct)
    {
        if (memory.FindWhole(userId) is { } known)
        {
            var unchanged = await database.ReadAsync(LoadRemembered(known, newKey), reader => ReadRemembered(reader, known), ct);
            memory.Learn(hasPaid: unchanged is not null);
            if (unchanged is not null)
                return unchanged;
        }

        return Remember(await database.ReadAsync(Load(userId, newKey), ReadAccount, ct));
    }

    public async Task<LoadedAccount> LoadWithLimitsAsync(string userId, Address? newKey, Demand demand, string? client, CancellationToken ct)
    {
        var known = memory.FindWhole(userId);
        var limits = LimitRows.FindAhead(userId, newKey, demand, client);
        var (loaded, rows) = known is null
            ? await database.ReadBothAsync<LoadedAccount?, FoundLimits>(Load(userId, newKey), ReadAccount, limits, LimitRows.Read, ct)
            : await database.ReadBothAsync(LoadRemembered(known, newKey), reader => ReadRemembered(reader, known), limits, LimitRows.Read, ct);
        if (known is not null)
            memory.Learn(hasPaid: loaded is not null);
        if (demand == Demand.Issue && client is not null)
            memory.Keep(LimitScope.ClientRedeems, client, rows.Of(LimitScope.ClientRedeems, client));

        loaded = Remember(loaded ?? await database.ReadAsync(Load(userId, newKey), ReadAccount, ct));
        return loaded with { Limits = new LimitsAhead(rows, loaded.Account, newKey, demand, client) };
    }

    public Task<AddressOwner?> FindOwnerAsync(Address address, CancellationToken ct) =>
        database.ReadAsync(
            new SqlStatement(AccountSql.FindOwner, ("@key_type", address.KeyType.Name()), ("@canonical", address.Canonical)),
            reader => reader.Read()
                ? new AddressOwner(reader.GetString(0), address, null, null)
                {
                    KeptUntil = reader.IsDBNull(1) ? null : DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1)),
                }
                : null,
            ct);

    public async Task<KeptAnswer?> FindAnswerAsync(string userId, byte[] key, DateTimeOffset now, CancellationToken ct)
    {
        var statement = new SqlStatement(AnswerSql.Find, ("@user_id", userId), ("@key_digest", key), ("@now", Time(now)));
        var sealedAnswer = await database.ReadAsync(statement, reader => reader.Read() ? reader.GetFieldValue<byte[]>(0) : null, ct);
        if (sealedAnswer is null)
            return null;

        var opened = codes.Open(AnswerLabel(userId, key), sealedAnswer);
        return new KeptAnswer(opened[..SHA256.HashSizeInBytes], opened[SHA256.HashSizeInBytes..]);
    }

    public Task<StoredUndo?> FindUndoAsync(string id, CancellationToken ct) =>
        database.ReadAsync(
            new SqlStatement(AccountSql.FindUndo, ("@id", id)), reader => reader.Read() ? undos.Read(id, reader) : null, ct);

    public async Task<bool> TryCommitAsync(Commit commit, CancellationToken ct)
    {
        var (events, end) = audit.Of(commit);
        var hasWon = false;
        try
        {
            return hasWon = await database.TryCommitAsync(Statements(commit, events, end).ToList(), ct);
        }
        finally
        {
            if (hasWon)
                memory.Keep(commit, end);
            else
                memory.Forget(commit);
        }
    }

    public Account? Recall(string userId) => memory.Find(userId);

    public IReadOnlyList<LimitState>? RecallLimits(IReadOnlyList<Limit> limits) => memory.Find(limits);

    public Task<IReadOnlyList<AuditEvent>> ReadEventsAsync(string userId, int limit, CancellationToken ct) =>
        database.ReadAsync(new SqlStatement(AuditSql.Newest, ("@user_id", userId), ("@limit", (long)limit)), AuditRows.ReadAll, ct);

    public async Task<Account> NewAsync(string userId, CancellationToken ct)
    {
        var account = Account.New(userId);
        return await database.ReadAsync(
            new SqlStatement(AuditSql.FindEnded, ("@user_id", userId)),
            reader => reader.Read()
                ? account with { FormerVersion = reader.GetInt64(0), Trail = new TrailMark(reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)) }
                : account,
            ct);
    }

    public Task<IReadOnlyList<LimitState>> LoadLimitsAsync(IReadOnlyList<Limit> limits, CancellationToken ct) =>
        database.ReadAsync(LimitRows.Find(limits), reader => LimitRows.Read(reader).Of(limits), ct);

    /// <summary>The first decides whether the commit wins; each of the others asks whether it did.</summary>
    IEnumerable<SqlStatement> Statements(Commit commit, IReadOnlyList<LinkedEvent> events, TrailMark end)
    {
        var (before, change) = (commit.Before, commit.Change);
        var (user, commitId) = (("@user_id", (object?)before.UserId), ("@commit_id", (object?)commit.Id));
        var isNew = before.Version == 0;
        yield return new SqlStatement(
            isNew ? AccountSql.Insert : AccountSql.Update,
            [
                user,
                commitId,
                ("@version", isNew ? before.FormerVersion : before.Version),
                ("@last_commit_id", before.CommitId),
                ("@timeline", before.Timeline),
                ("@locale", change.After.Locale),
                ("@anti_phishing_code", Seal(change.After)),
                ("@frozen_until", Time(change.After.FrozenUntil)),
                ("@refusals", change.After.Refusals.ToStore()),
                ("@now", Time(commit.At)),
                .. audit.End(before.UserId, end),
            ])
        {
            Row = before.UserId,
        };
        if (isNew && before.FormerVersion > 0)
            yield return new SqlStatement(AuditSql.GoOn, user, commitId);

        foreach (var statement in Keys(before, change.After).Concat(Claims(before, change, commit.At)).Concat(Purposes(before, change))
            .Concat(Holds(before, change.After)).Concat(undos.Statements(before.UserId, change)))
            yield return statement with { Parameters = [user, commitId, .. statement.Parameters] };

        foreach (var message in commit.Messages)
            yield return outbox.Enqueue(message, commit.Id);

        if (change.Order is { } order)
            yield return OperatorOutbox.Carry(order, commit.Id, before.UserId, commit.At);

        foreach (var statement in events.Select(audit.Insert))
            yield return statement with { Parameters = [user, commitId, .. statement.Parameters] };

        foreach (var statement in queue.Enqueue(commit))
            yield return statement;

        if (commit is { Answer: { } answer, By.Request: { } request })
        {
            yield return new SqlStatement(
                AnswerSql.Keep,
                user,
                commitId,
                ("@key_digest", request.Key),
                ("@sealed", codes.Seal(AnswerLabel(before.UserId, request.Key), [.. answer.Request, .. answer.Answer])),
                ("@expires_at", Time(commit.At + RepeatableRequest.KeptFor)));
        }

        foreach (var statement in LimitRows.Statements(change, commit.At))
            yield return statement with { Parameters = [user, commitId, .. statement.Parameters] };

        // Last of all: what is above asks for the row that goes here.
        if (change.Erases)
        {
            foreach (var text in AccountSql.Erase)
                yield return new SqlStatement(text, user, commitId);
        }
    }

    static IEnumerable<SqlStatement> Keys(Account before, Account after)
    {
        foreach (var keyType in Enum.GetValues<KeyType>())
        {
            var (old, current) = (before.Key(keyType), after.Key(keyType));
            if (old == current && old?.Address.Value == current?.Address.Value)
                continue;

            yield return current is null
                ? new SqlStatement(AccountSql.DeleteKey, ("@key_type", keyType.Name()))
                : new SqlStatement(
                    AccountSql.UpsertKey,
                    ("@key_type", keyType.Name()),
                    ("@canonical", current.Address.Canonical),
                    ("@address", current.Address.Value),
                    ("@mfa_enabled", current.MfaEnabled ? 1L : 0L),
                    ("@verified_at", Time(current.VerifiedAt)));
        }
    }

    /// <summary>In one order for all accounts, what is given up first.</summary>
    static IEnumerable<SqlStatement> Claims(Account before, Change change, DateTimeOffset now)
    {
        var after = change.After;
        var isShownAlike = before.Locale == after.Locale && Equals(before.AntiPhishingCode, after.AntiPhishingCode);
        foreach (var old in before.Keys.Select(key => key.Address).Where(address => !after.Owns(address)))
        {
            yield return change.ReleasedAt is { } releasedAt && releasedAt > now
                ? new SqlStatement(AccountSql.KeepClaim, [.. Claim(old), ("@kept_until", Time(releasedAt))])
                : new SqlStatement(AccountSql.ReleaseClaim, Claim(old));
        }

        foreach (var address in after.Keys.Select(key => key.Address))
        {
            if (!before.Owns(address))
            {
                yield return new SqlStatement(
                    AccountSql.TakeKept, [.. Claim(address), ("@kept_until", change.OverrulesKept ? long.MaxValue : Time(now))]);
                yield return new SqlStatement(AccountSql.Claim, [.. Claim(address), ("@address", address.Value)]);
            }
            else if (!isShownAlike || before.Key(address.KeyType)!.Address.Value != address.Value)
            {
                yield return new SqlStatement(AccountSql.RefreshClaim, [.. Claim(address), ("@address", address.Value)]);
            }
        }
    }

    static (string, object?)[] Claim(Address address) => [("@key_type", address.KeyType.Name()), ("@canonical", address.Canonical)];

    static IEnumerable<SqlStatement> Purposes(Account before, Change change)
    {
        foreach (var (purpose, state) in change.After.Purposes)
        {
            var old = before.State(purpose);
            if (state == old)
                continue;

            (string, object?)[] key = [("@operation", purpose.Operation.Name()), ("@key_type", purpose.KeyType?.Name() ?? "")];
            yield return new SqlStatement(AccountSql.UpsertToken, [.. key, .. Token(state)]);
            if (state.Guesses != old.Guesses)
            {
                yield return new SqlStatement(
                    AccountSql.UpsertGuesses,
                    [
                        .. key,
                        ("@wrong_tries", state.Guesses.WrongTries.ToStore()),
                        ("@locks", (long)state.Guesses.Locks),
                        ("@locked_until", Time(state.Guesses.LockedUntil)),
                    ]);
            }
        }

        foreach (var purpose in change.Withdrawn.Where(purpose => before.State(purpose).Pending is not { AreSent: true }))
        {
            yield return new SqlStatement(
                AccountSql.WithdrawCodes,
                ("@operation", purpose.Operation.Name()),
                ("@key_type", purpose.KeyType?.Name() ?? ""));
        }

        foreach (var (purpose, newest, previous) in change.Superseded(before))
        {
            yield return new SqlStatement(
                AccountSql.WithdrawSuperseded,
                ("@operation", purpose.Operation.Name()),
                ("@key_type", purpose.KeyType?.Name() ?? ""),
                ("@newest", newest),
                ("@previous", previous));
        }
    }

    static IEnumerable<SqlStatement> Holds(Account before, Account after)
    {
        foreach (var (reason, until) in after.Holds)
        {
            if (!before.Holds.TryGetValue(reason, out var old) || old != until)
                yield return new SqlStatement(AccountSql.UpsertHold, ("@reason", reason.Name()), ("@held_until", Time(until)));
        }

        foreach (var reason in before.Holds.Keys.Where(reason => !after.Holds.ContainsKey(reason)))
            yield return new SqlStatement(AccountSql.DeleteHold, ("@reason", reason.Name()));
    }

    static (string, object?)[] Token(PurposeState state) =>
    [
        ("@target_key_type", state.Pending?.Target.KeyType.Name()),
        ("@target", state.Pending?.Target.Value),
        ("@target_canonical", state.Pending?.Target.Canonical),
        ("@reference", state.Pending?.Reference),
        ("@message_id", state.Pending?.MessageId),
        ("@digest", state.Pending?.Newest.Digest.ToArray()),
        ("@key_id", state.Pending?.Newest.KeyId),
        ("@expires_at", Time(state.Pending?.Newest.ExpiresAt)),
        ("@previous_digest", state.Pending?.Previous?.Digest.ToArray()),
        ("@previous_key_id", state.Pending?.Previous?.KeyId),
        ("@previous_expires_at", Time(state.Pending?.Previous?.ExpiresAt)),
        ("@wrong_tries", (long?)state.Pending?.WrongTries),
        ("@spent", state.Spent ? 1L : 0L),
        ("@last_issued_at", Time(state.Sends.LastIssuedAt)),
        ("@issues", state.Sends.Issues.ToStore()),
    ];

    LoadedAccount Remember(LoadedAccount loaded)
    {
        if (loaded.Account is { } account)
            memory.Keep(account);
        return loaded;
    }

    static SqlStatement Load(string userId, Address? newKey) => new(
        AccountSql.Load,
        ("@user_id", userId),
        ("@new_key_type", newKey?.KeyType.Name()),
        ("@new_key", newKey?.Canonical));

    static SqlStatement LoadRemembered(Account known, Address? newKey) => new(
        AccountSql.LoadRemembered,
        ("@user_id", known.UserId),
        ("@commit_id", known.CommitId),
        ("@timeline", known.Timeline),
        ("@new_key_type", newKey?.KeyType.Name()),
        ("@new_key", newKey?.Canonical));

    /// <summary>Null where the account is another by now.</summary>
    LoadedAccount? ReadRemembered(DbDataReader reader, Account known) =>
        reader.Read() ? new LoadedAccount(known, new AccountRow(reader, Open).Owner(known.UserId, 0, 5)) : null;

    LoadedAccount ReadAccount(DbDataReader reader)
    {
        Account? account = null;
        AddressOwner? newKeyOwner = null;
        while (reader.Read())
        {
            // A row for each purpose: the columns of the account are the same in all of them.
            var row = new AccountRow(reader, Open);
            account ??= row.Account();
            newKeyOwner ??= row.NewKeyOwner();
            if (row.Purpose() is { } state)
                account = account.With(state);
        }

        return new LoadedAccount(account, newKeyOwner);
    }

    byte[]? Seal(Account account) =>
        account.AntiPhishingCode is { } code ? codes.Seal(Label(account.UserId), Encoding.ASCII.GetBytes(code.Reveal())) : null;

    AntiPhishingCode Open(string userId, byte[] sealedCode) =>
        AntiPhishingCode.FromStore(Encoding.ASCII.GetString(codes.Open(Label(userId), sealedCode)));

    static string AnswerLabel(string userId, byte[] key) => $"answer/{Convert.ToHexString(key)}/{userId}";

    static string Label(string userId) => $"anti-phishing-code/{userId}";

    static long? Time(DateTimeOffset? at) => at?.ToUnixTimeMilliseconds();
}
