using System.Collections.Immutable;

namespace Countersign.Domain;

/// <summary>What the domain returns: the answer, and what has to be stored before it may be given.</summary>
/// <param name="Change">Null where nothing has to be stored.</param>
sealed record Decision<T>(Outcome<T> Outcome, Change? Change) where T : class
{
    public static implicit operator Decision<T>(Refused refused) => new(refused, null);
}

/// <summary>
/// What one commit stores, all of it or nothing: the account as it is from then on, the messages and audit events that go with it,
/// and the purposes whose codes on their way must not be sent any more.
/// </summary>
/// <param name="Erases">The account goes, with its keys, tokens and messages; its audit trail stays.</param>
sealed record Change(
    Account After, ImmutableList<Message> Messages, ImmutableList<AuditEntry> Events, ImmutableList<Purpose> Withdrawn, bool Erases = false)
{
    /// <summary>The limits over all accounts that this uses, as they are afterwards.</summary>
    public ImmutableList<LimitState> Drawn { get; init; } = [];

    /// <summary>The address that a redeemed token went to; null where none was redeemed.</summary>
    public Address? Redeemed { get; init; }

    /// <summary>
    /// From when on others can have the addresses that the account gives up; until then they are kept for it. Null: at once.
    /// </summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>Whether addresses that are kept for somebody else are taken all the same, because the platform says whose they are.</summary>
    public bool OverrulesKept { get; init; }

    /// <summary>By what the change can be undone; null where it cannot.</summary>
    public UndoPoint? Offers { get; init; }

    /// <summary>Ends all undo links of changes from this version of the account on; null for none.</summary>
    public long? VoidsUndosFrom { get; init; }

    /// <summary>What an operator wants done with a message; null for nothing.</summary>
    public MessageOrder? Order { get; init; }

    public static Change Of(Account account) => new(account, [], [], []);

    /// <summary>Without the message that a limit holds back. The trail says so, and nothing else does.</summary>
    public Change Silence(LimitScope scope) => this with
    {
        Messages = Messages.RemoveAll(LimitRules.IsLimited),
        Events = [.. Events.Select(entry => entry.Type == AuditEventType.TokenIssued ? entry with { Reason = $"not sent: {scope.Name()}" } : entry)],
    };

    public Change With(PurposeState state) => this with { After = After.With(state) };

    public Change Record(AuditEventType type, Purpose? purpose = null, string? target = null, string? reason = null) =>
        this with { Events = Events.Add(new AuditEntry(type, purpose, target, reason)) };

    public Change Send(Message message) => this with { Messages = Messages.Add(message) };

    /// <summary>Ends the tokens of every pending operation that <paramref name="concerns"/> picks.</summary>
    public Change Revoke(Func<Purpose, PendingOperation, bool> concerns, string reason, DateTimeOffset now)
    {
        var change = this;
        foreach (var state in After.Purposes.Values)
        {
            if (state.LivePending(now) is not { } pending || !concerns(state.Purpose, pending))
                continue;

            change = change.With(state with { Pending = null })
                .Record(AuditEventType.TokenRevoked, state.Purpose, pending.Target.Masked, reason) with
            {
                Withdrawn = change.Withdrawn.Add(state.Purpose),
            };
        }

        return change;
    }

    /// <summary>
    /// The purposes for which a third token has pushed the oldest out of the newest two before it was known to be sent, each with the messages of the two
    /// that can still be redeemed: any other code for the purpose is not worth sending.
    /// </summary>
    public IEnumerable<(Purpose Purpose, string Newest, string Previous)> Superseded(Account before) =>
        from state in After.Purposes.Values
        where state.Pending is { Previous: not null }
        let old = before.State(state.Purpose).Pending
        where old is { Previous: not null, IsPreviousSent: false } && old.MessageId != state.Pending!.MessageId
        select (state.Purpose, state.Pending!.MessageId, old.MessageId);

    /// <summary>
    /// Tells every key that the account had before or has now. Mail shows the anti-phishing code that stood before the change: it is
    /// the one that its reader knows.
    /// </summary>
    public Change Notify(Account before, MessageKind kind, Purpose purpose, string? subject, Rules rules, DateTimeOffset now)
    {
        var change = this;
        foreach (var address in before.Keys.Concat(After.Keys).Select(key => key.Address).Distinct())
        {
            change = change.Send(new Message(
                null, kind, address, purpose, null, null, subject,
                rules.Shown(before.AntiPhishingCode ?? After.AntiPhishingCode), After.Locale, now, now + rules.NoticeLifetime));
        }

        return change;
    }
}
