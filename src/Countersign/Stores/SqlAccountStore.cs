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
    readonly CommitRows rows = new(codes, chain, outbox, queue);

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
            new SqlStatement(AccountSql.FindOwner, ("@key_type", address.KeyType.Name()), ("@canonical", address.Canonical)) { IsLookup = true },
            reader => reader.Read()
                ? new AddressOwner(reader.GetString(0), address, null, null)
                {
                    KeptUntil = reader.IsDBNull(1) ? null : DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(1)),
                }
                : null,
            ct);

    public async Task<KeptAnswer?> FindAnswerAsync(string userId, byte[] key, DateTimeOffset now, CancellationToken ct)
    {
        var statement = new SqlStatement(AnswerSql.Find, ("@user_id", userId), ("@key_digest", key), ("@now", Time(now))) { IsLookup = true };
        var sealedAnswer = await database.ReadAsync(statement, reader => reader.Read() ? reader.GetFieldValue<byte[]>(0) : null, ct);
        if (sealedAnswer is null)
            return null;

        var opened = codes.Open(SealLabel.Answer(userId, key), sealedAnswer);
        return new KeptAnswer(opened[..SHA256.HashSizeInBytes], opened[SHA256.HashSizeInBytes..]);
    }

    public Task<StoredUndo?> FindUndoAsync(string id, CancellationToken ct) =>
        database.ReadAsync(
            new SqlStatement(AccountSql.FindUndo, ("@id", id)) { IsLookup = true }, reader => reader.Read() ? undos.Read(id, reader) : null, ct);

    public async Task<bool> TryCommitAsync(Commit commit, CancellationToken ct)
    {
        var (statements, end) = rows.Of(commit);
        var hasWon = false;
        try
        {
            return hasWon = await database.TryCommitAsync(statements, ct);
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
            new SqlStatement(AuditSql.FindEnded, ("@user_id", userId)) { IsLookup = true },
            reader => reader.Read()
                ? account with { FormerVersion = reader.GetInt64(0), Trail = new TrailMark(reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)) }
                : account,
            ct);
    }

    public Task<IReadOnlyList<LimitState>> LoadLimitsAsync(IReadOnlyList<Limit> limits, CancellationToken ct) =>
        database.ReadAsync(LimitRows.Find(limits), reader => LimitRows.Read(reader).Of(limits), ct);

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
        ("@new_key", newKey?.Canonical))
    {
        IsLookup = true,
    };

    static SqlStatement LoadRemembered(Account known, Address? newKey) => new(
        AccountSql.LoadRemembered,
        ("@user_id", known.UserId),
        ("@commit_id", known.CommitId),
        ("@timeline", known.Timeline),
        ("@new_key_type", newKey?.KeyType.Name()),
        ("@new_key", newKey?.Canonical))
    {
        IsLookup = true,
    };

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

    AntiPhishingCode Open(string userId, byte[] sealedCode) =>
        AntiPhishingCode.FromStore(Encoding.ASCII.GetString(codes.Open(SealLabel.AntiPhishingCode(userId), sealedCode)));

    static long? Time(DateTimeOffset? at) => at?.ToUnixTimeMilliseconds();
}
