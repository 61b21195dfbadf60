using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>What changes can be undone to, as rows: addresses and codes in them are sealed.</summary>
sealed class UndoRows(TokenCodes codes)
{
    /// <summary>What is void goes first.</summary>
    public void Add(CommitStatements statements, string userId, Change change)
    {
        if (change.VoidsUndosFrom is { } version)
            statements.Add(AccountSql.VoidUndos, ("@from_version", version));
        if (change.Offers is not { } point)
            return;

        statements.Add(
            AccountSql.InsertUndo,
            ("@id", point.Id),
            ("@from_version", point.Version),
            ("@operation", point.Purpose.Operation.Name()),
            ("@key_type", point.Purpose.KeyType?.Name() ?? ""),
            ("@digest", point.Digest.ToArray()),
            ("@key_id", point.KeyId),
            ("@sealed", codes.Seal(Label(userId, point.Id), JsonSerializer.SerializeToUtf8Bytes(SealedSnapshot.Of(point.Before), UndoJson.Default.SealedSnapshot))),
            ("@created_at", point.CreatedAt.ToUnixTimeMilliseconds()),
            ("@expires_at", point.ExpiresAt.ToUnixTimeMilliseconds()));
    }

    /// <summary>One row of <see cref="AccountSql.FindUndo"/>; null where its operation is not known.</summary>
    public StoredUndo? Read(string id, DbDataReader reader)
    {
        if (!Names.TryParseOperation(reader.GetString(2), out var operation))
            return null;

        var userId = reader.GetString(0);
        KeyType? keyType = Names.TryParseKeyType(reader.GetString(3), out var parsed) ? parsed : null;
        var before = JsonSerializer.Deserialize(codes.Open(Label(userId, id), reader.GetFieldValue<byte[]>(6)), UndoJson.Default.SealedSnapshot)!;
        return new StoredUndo(userId, new UndoPoint(
            id, new Purpose(operation, keyType), reader.GetInt64(1), reader.GetFieldValue<byte[]>(4), reader.GetString(5),
            DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(7)), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(8)), before.Open()));
    }

    static string Label(string userId, string id) => $"undo/{id}/{userId}";
}

/// <summary>A <see cref="Snapshot"/> as it is sealed.</summary>
sealed record SealedSnapshot(SealedKey? Email, SealedKey? PhoneNumber, string? AntiPhishingCode)
{
    public static SealedSnapshot Of(Snapshot snapshot) =>
        new(SealedKey.Of(snapshot.Email), SealedKey.Of(snapshot.PhoneNumber), snapshot.AntiPhishingCode?.Reveal());

    public Snapshot Open() => new(
        Email?.Open(KeyType.Email),
        PhoneNumber?.Open(KeyType.PhoneNumber),
        AntiPhishingCode is { } code ? Domain.AntiPhishingCode.FromStore(code) : null);

    public override string ToString() => nameof(SealedSnapshot);
}

sealed record SealedKey(string Address, DateTimeOffset VerifiedAt, bool MfaEnabled)
{
    public static SealedKey? Of(UserKey? key) => key is null ? null : new SealedKey(key.Address.Value, key.VerifiedAt, key.MfaEnabled);

    public UserKey Open(KeyType keyType) => new(Domain.Address.FromStore(keyType, Address), VerifiedAt, MfaEnabled);

    public override string ToString() => nameof(SealedKey);
}

[JsonSerializable(typeof(SealedSnapshot))]
sealed partial class UndoJson : JsonSerializerContext;
