using System.Data.Common;
using System.Globalization;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>The events of a commit as rows, each linked to the one before, and rows as events.</summary>
sealed class AuditRows(AuditChain chain)
{
    /// <summary>Columns of an event; what else a statement selects comes after them.</summary>
    public const int Width = 11;

    /// <summary>The events of a commit with their links, and where the trail ends with them.</summary>
    public (IReadOnlyList<LinkedEvent> Events, TrailMark End) Of(Commit commit)
    {
        var (before, end) = (commit.Before, commit.Before.Trail);
        var events = new List<LinkedEvent>();
        // As the row will say it: times in whole milliseconds.
        var at = DateTimeOffset.FromUnixTimeMilliseconds(commit.At.ToUnixTimeMilliseconds());
        foreach (var entry in commit.Change.Events)
        {
            var ordinal = events.Count;
            var e = new AuditEvent(
                Id(VersionAfter(before), ordinal), at, entry.Type.Name(), entry.Purpose?.Operation.Name(), entry.Purpose?.KeyType?.Name(), entry.Target,
                entry.Reason, commit.By.Actor, commit.By.IpAddress, commit.By.UserAgent);
            end = new TrailMark(end.Events + 1, chain.Link(before.UserId, end.Link, end.Events + 1, e));
            events.Add(new LinkedEvent(ordinal, e, end.Link));
        }

        return (events, end);
    }

    public void Add(CommitStatements statements, IReadOnlyList<LinkedEvent> events)
    {
        foreach (var (ordinal, e, link) in events)
        {
            statements.Add(
                AuditSql.Insert,
                ("@ordinal", (long)ordinal),
                ("@at", e.At.ToUnixTimeMilliseconds()),
                ("@type", e.Type),
                ("@operation", e.Operation),
                ("@key_type", e.KeyType),
                ("@target_masked", e.Target),
                ("@reason", e.Reason),
                ("@actor", e.Actor),
                ("@ip", e.IpAddress),
                ("@user_agent", e.UserAgent),
                ("@link", link.ToArray()),
                ("@key_id", chain.CurrentKeyId));
        }
    }

    public static AuditEvent Read(DbDataReader reader) => new(
        Id(reader.GetInt64(0), reader.GetInt64(1)), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(2)), reader.GetString(3),
        Text(reader, 4), Text(reader, 5), Text(reader, 6), Text(reader, 7), reader.GetString(8), Text(reader, 9), Text(reader, 10));

    public static IReadOnlyList<AuditEvent> ReadAll(DbDataReader reader)
    {
        var events = new List<AuditEvent>();
        while (reader.Read())
            events.Add(Read(reader));
        return events;
    }

    /// <summary>The version that a commit upon the account writes.</summary>
    static long VersionAfter(Account before) => (before.Version == 0 ? before.FormerVersion : before.Version) + 1;

    static string Id(long version, long ordinal) => string.Create(CultureInfo.InvariantCulture, $"{version}.{ordinal}");

    static string? Text(DbDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}

/// <summary>An event with its link, at its place among the events of its commit.</summary>
sealed record LinkedEvent(int Ordinal, AuditEvent Event, ReadOnlyMemory<byte> Link);
