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
        ])
    {
        IsLookup = true,
    };

    /// <summary>
    /// What a request may meet that can be named before its account is known: of the recipient, those of its own keys, or of the new one. Whoever asks for a
    /// token comes back with it.
    /// </summary>
    public static SqlStatement FindAhead(string userId, Address? newKey, Demand demand, string? client) => new(
        LimitSql.FindAhead,
        ("@user_id", LimitsAhead.CoversOwnKeys(newKey, demand) ? userId : null),
        ("@new_key", newKey?.Canonical),
        ("@issuer", demand is Demand.Issue or Demand.Both ? client : null),
        ("@redeemer", client))
    {
        IsLookup = true,
    };

    public static FoundLimits Read(DbDataReader reader)
    {
        var found = new FoundLimits();
        while (reader.Read())
            found.Add(reader.GetString(0), reader.GetString(1), new LimitUse(SlidingWindow.FromStore(reader.GetString(2)), reader.GetInt64(3)));
        return found;
    }

    /// <summary>After all that is the account's own: others may wait for these rows.</summary>
    public static void Add(CommitStatements statements, Change change, DateTimeOffset now)
    {
        foreach (var drawn in change.Drawn)
        {
            statements.Add(
                $"{drawn.Limit.Scope.Name()} {drawn.Limit.Subject}",
                LimitSql.Draw,
                ("@scope", drawn.Limit.Scope.Name()),
                ("@subject", drawn.Limit.Subject),
                ("@uses", drawn.Uses.ToStore()),
                ("@revision", drawn.Revision),
                ("@expires_at", Expiry(now + drawn.Limit.Memory)));
        }
    }

    /// <summary>At the end of its hour: an indexed column that every use would change would make a new row of each use, with new entries in every index.</summary>
    static long Expiry(DateTimeOffset at)
    {
        var hour = (long)TimeSpan.FromHours(1).TotalMilliseconds;
        return (at.ToUnixTimeMilliseconds() / hour + 1) * hour;
    }
}

/// <summary>How a limit was used, as it is stored.</summary>
/// <param name="Revision"><see cref="LimitState.Revision"/></param>
sealed record LimitUse(SlidingWindow Uses, long Revision)
{
    public static readonly LimitUse None = new(SlidingWindow.Empty, 0);

    public LimitState Of(Limit limit) => new(limit, Uses, Revision);

    /// <summary>As a node remembers it.</summary>
    public static void Pack(LimitUse use, ref PackWriter writer)
    {
        writer.Add(use.Revision);
        writer.Add(use.Uses);
    }

    public static LimitUse Unpack(ref PackReader reader)
    {
        var revision = reader.Number();
        return new LimitUse(reader.Window(), revision);
    }
}

/// <summary>Rows of limits; a limit that has none is as if it was never used.</summary>
sealed class FoundLimits
{
    readonly Dictionary<(string Scope, string Subject), LimitUse> rows = [];

    public void Add(string scope, string subject, LimitUse use) => rows[(scope, subject)] = use;

    public LimitUse Of(LimitScope scope, string subject) => rows.GetValueOrDefault((scope.Name(), subject), LimitUse.None);

    /// <summary>In the order in which they are named.</summary>
    public IReadOnlyList<LimitState> Of(IReadOnlyList<Limit> limits) => [.. limits.Select(limit => Of(limit.Scope, limit.Subject).Of(limit))];
}

/// <summary>Limits that were read together with an account, and which they are.</summary>
sealed class LimitsAhead(FoundLimits found, Account? account, Address? newKey, Demand demand, string? client)
{
    /// <summary>Null where one of them was not looked for.</summary>
    public IReadOnlyList<LimitState>? Find(IReadOnlyList<Limit> limits) => limits.All(WasLookedFor) ? found.Of(limits) : null;

    /// <summary>Whether messages can go to the keys that the account has.</summary>
    public static bool CoversOwnKeys(Address? newKey, Demand demand) => newKey is null && demand == Demand.Issue;

    bool WasLookedFor(Limit limit) => limit.Scope switch
    {
        LimitScope.ClientIssues => demand is Demand.Issue or Demand.Both && limit.Subject == client,
        LimitScope.ClientRedeems => limit.Subject == client,
        LimitScope.Recipient => limit.Subject == newKey?.Canonical
            || (CoversOwnKeys(newKey, demand) && account?.Keys.Any(key => key.Address.Canonical == limit.Subject) == true),
        LimitScope.SmsPrefix or LimitScope.SmsCountry or LimitScope.Sms or LimitScope.SmsCountryRedeemed => false,
    };
}
