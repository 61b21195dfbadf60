using System.Data.Common;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>Limits that hold over all accounts, as rows.</summary>
static class LimitRows
{
    public static SqlStatement Find(IReadOnlyList<Limit> limits) => new(
        LimitSql.Find,
        [
            .. Enumerable.Range(0, LimitSql.MaxLimits).SelectMany(i => new (string, object?)[]
            {
                ($"@scope{i}", limits.ElementAtOrDefault(i)?.Scope.Name()), ($"@subject{i}", limits.ElementAtOrDefault(i)?.Subject),
            }),
        ]);

    /// <summary>What was found of each, in the order in which they were named.</summary>
    public static IReadOnlyList<LimitState> Read(IReadOnlyList<Limit> limits, DbDataReader reader)
    {
        var stored = new Dictionary<(string, string), (SlidingWindow Uses, long Revision)>();
        while (reader.Read())
            stored[(reader.GetString(0), reader.GetString(1))] = (SlidingWindow.FromStore(reader.GetString(2)), reader.GetInt64(3));
        return [.. limits.Select(limit => stored.TryGetValue((limit.Scope.Name(), limit.Subject), out var found)
            ? new LimitState(limit, found.Uses, found.Revision)
            : new LimitState(limit, SlidingWindow.Empty, 0))];
    }

    /// <summary>After all that is the account's own: others may wait for these rows.</summary>
    public static IEnumerable<SqlStatement> Statements(Change change, DateTimeOffset now) => change.Drawn.Select(drawn => new SqlStatement(
        LimitSql.Draw,
        ("@scope", drawn.Limit.Scope.Name()),
        ("@subject", drawn.Limit.Subject),
        ("@uses", drawn.Uses.ToStore()),
        ("@revision", drawn.Revision),
        ("@expires_at", Expiry(now + drawn.Limit.Memory))));

    /// <summary>At the end of its hour: an indexed column that every use would change would make a new row of each use, with new entries in every index.</summary>
    static long Expiry(DateTimeOffset at)
    {
        var hour = (long)TimeSpan.FromHours(1).TotalMilliseconds;
        return (at.ToUnixTimeMilliseconds() / hour + 1) * hour;
    }
}
