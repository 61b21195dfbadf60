namespace Countersign.Bench.Seeding;

/// <summary>The rows of one account, table by table, each in the order of the columns that <see cref="ProductRows"/> names.</summary>
sealed record SeededAccount(object?[] Account, object?[] UserKey, object?[] KeyClaim, IReadOnlyList<object?[]> AuditEvents);
