using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite;

/// <summary>One version of an account, as its audit trail tells it.</summary>
/// <param name="Cause">The request that it names as its cause.</param>
sealed record StoredCommit(long Version, DateTimeOffset At, string? Cause, IReadOnlyList<EventLine> Events)
{
    public bool Has(string type, Purpose? purpose) => Events.Any(e => e.Type == type && e.Purpose == purpose);

    /// <summary>Whether it ends the tokens that were pending for the purpose.</summary>
    public bool Ends(Purpose purpose) => Has("token_redeemed", purpose) || Has("token_revoked", purpose);

    /// <summary>The newest two tokens of a purpose can be redeemed, and no other.</summary>
    public bool IsSupersededBy(IEnumerable<StoredCommit> commits, Purpose purpose) =>
        commits.Count(later => later.Version > Version && later.Has("token_issued", purpose)) >= 2;

    public override string ToString() =>
        $"version {Version} at {At:HH:mm:ss.fff} by {Cause} ({string.Join(", ", Events.Select(e => $"{e.Type} {e.Purpose} {e.Target} {e.Reason}".Trim()))})";
}

/// <summary>All that is known of one account at the end of a run: what its clients saw, what the database holds, what was handed over.</summary>
sealed record Evidence(
    string UserId,
    IReadOnlyList<Call> Calls,
    AccountLine? Account,
    IReadOnlyList<KeyLine> Keys,
    IReadOnlyList<ClaimLine> Claims,
    IReadOnlyList<TokenLine> Tokens,
    IReadOnlyList<BudgetLine> Budgets,
    IReadOnlyList<StoredCommit> Commits,
    IReadOnlyList<OutboxLine> Outbox,
    IReadOnlyList<HandedOver> HandedOver)
{
    readonly Lazy<Dictionary<string, OutboxLine>> rows = new(() => Outbox.ToDictionary(row => row.Id));
    readonly Lazy<ILookup<string?, StoredCommit>> byCause = new(() => Commits.ToLookup(commit => commit.Cause));
    readonly Lazy<Dictionary<string, Moment>> firstHandedOver = new(() =>
        HandedOver.GroupBy(message => message.Id).ToDictionary(copies => copies.Key, copies => copies.Select(copy => copy.At).MinBy(at => at.Ticks)));

    public OutboxLine? Row(string id) => rows.Value.GetValueOrDefault(id);

    public IEnumerable<StoredCommit> CausedBy(Call call) => byCause.Value[call.Id];

    /// <summary>When the message was first handed over: by then its token was there.</summary>
    public Moment? FirstHandedOver(string id) => firstHandedOver.Value.TryGetValue(id, out var at) ? at : null;

    /// <summary>What the message says or sends, from the commit that issued it; null where it is not known.</summary>
    public StoredCommit? IssueOf(OutboxLine row) =>
        Commits.LastOrDefault(commit => commit.At == row.CreatedAt && commit.Has("token_issued", row.Purpose));

    /// <summary>The redeeming requests that succeeded: by what the client saw, or, where it saw nothing, by what was stored.</summary>
    public IEnumerable<Call> Successes => Calls.Where(call =>
        call.Redeems is { } purpose
        && (call.IsAcknowledged || (call.IsUnknown && CausedBy(call).Any(commit => commit.Has("token_redeemed", purpose)))));

    public static IEnumerable<Evidence> PerAccount(IEnumerable<Call> calls, Dump dump, IEnumerable<HandedOver> handedOver)
    {
        var accounts = dump.Accounts.ToDictionary(line => line.UserId);
        var keys = dump.Keys.ToLookup(line => line.UserId);
        var claims = dump.Claims.ToLookup(line => line.UserId);
        var tokens = dump.Tokens.ToLookup(line => line.UserId);
        var budgets = dump.Budgets.ToLookup(line => line.UserId);
        var events = dump.Events.ToLookup(line => line.UserId);
        var outbox = dump.Outbox.ToLookup(line => line.UserId);
        var callsOf = calls.ToLookup(call => call.UserId);
        var messages = handedOver.ToLookup(message => message.UserId);
        var users = callsOf.Select(group => group.Key).Concat(accounts.Keys).Concat(claims.Select(group => group.Key)).Concat(events.Select(group => group.Key)).Concat(messages.Select(group => group.Key));

        return users.Distinct().Select(user => new Evidence(
            user,
            [.. callsOf[user].OrderBy(call => call.Sent.Ticks)],
            accounts.GetValueOrDefault(user),
            [.. keys[user]],
            [.. claims[user]],
            [.. tokens[user]],
            [.. budgets[user]],
            [.. CommitsOf(events[user])],
            [.. outbox[user]],
            [.. messages[user]]));
    }

    public static IEnumerable<StoredCommit> CommitsOf(IEnumerable<EventLine> events) =>
        from line in events
        group line by line.Version into version
        orderby version.Key
        let lines = version.OrderBy(line => line.Ordinal).ToList()
        select new StoredCommit(version.Key, lines[0].At, lines[0].Cause, lines);
}
