using Countersign.Delivery;
using Countersign.Delivery.Events;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Support;

/// <summary>Reads what an operator is shown of an account.</summary>
sealed class CaseReading(
    IAccountStore store, OperatorOutbox outbox, AuditVerification verification, EventQueue events, LiveOptions options, TimeProvider clock)
{
    /// <summary>The newest messages of a case.</summary>
    public const int MaxMessages = 50;

    /// <summary>The newest audit events of a case.</summary>
    public const int MaxEvents = 200;

    /// <summary>A trail with more events than these is not verified while somebody waits.</summary>
    public const int MaxVerified = 20_000;

    /// <summary>Null where there never was such an account.</summary>
    public async Task<SupportCase?> ReadAsync(string userId, CancellationToken ct)
    {
        var account = (await store.LoadAsync(userId, null, ct)).Account;
        var former = account is null ? await store.NewAsync(userId, ct) : null;
        if (former is { FormerVersion: 0 })
            return null;

        var (rules, now) = (options.Rules, clock.GetUtcNow());
        var shown = account ?? Account.New(userId);
        return new SupportCase(
            userId,
            IsErased: account is null,
            shown.Locale,
            [.. shown.Keys.Select(key => new SupportKey(key.KeyType, key.Address.Masked, key.MfaEnabled, key.VerifiedAt))],
            shown.AntiPhishingCode?.Masked,
            shown.FrozenUntil > now ? shown.FrozenUntil : null,
            [.. InOrder(shown).Select(state => Pending(state, rules, now)).OfType<SupportPending>()],
            shown.HoldsAt(now),
            [.. InOrder(shown).Select(state => Limits(state, rules, now)).OfType<SupportLimits>()],
            account is null ? [] : [.. (await outbox.ListNewestAsync(userId, MaxMessages, ct)).Select(view => new SupportMessage(view, view.CanRetry(now), view.CanDrop))],
            await store.ReadEventsAsync(userId, MaxEvents, ct),
            await VerifyAsync(userId, (former ?? shown).Trail.Events, ct),
            await events.FindSessionsNotBeforeAsync(userId, ct));
    }

    /// <summary>Whether there was an account of this name, and is none now.</summary>
    public async Task<bool> WasThereAsync(string userId, CancellationToken ct) => (await store.NewAsync(userId, ct)).FormerVersion > 0;

    async Task<TrailCheck> VerifyAsync(string userId, long length, CancellationToken ct)
    {
        if (length > MaxVerified)
            return new TrailCheck(TrailState.TooLong, length, []);

        var findings = new List<string>();
        var report = await verification.VerifyAsync(userId, finding => findings.Add(finding.What), ct);
        return new TrailCheck(findings.Count == 0 ? TrailState.Intact : TrailState.Broken, report.Events, findings);
    }

    static IEnumerable<PurposeState> InOrder(Account account) =>
        account.Purposes.Values.OrderBy(state => state.Purpose.Operation).ThenBy(state => state.Purpose.KeyType);

    /// <summary>Also of an operation that is switched off: its token is there, and can be revoked.</summary>
    static SupportPending? Pending(PurposeState state, Rules rules, DateTimeOffset now) => state.LivePending(now) is not { } pending
        ? null
        : new SupportPending(
            state.Purpose, pending.Target.Masked, pending.Reference, pending.Newest.ExpiresAt,
            state.Sends.NextIssueAt(pending.Target.KeyType, rules, now), state.AttemptsRemaining(pending, rules, now), pending.Delivery);

    /// <summary>Null where nothing of it is used.</summary>
    static SupportLimits? Limits(PurposeState state, Rules rules, DateTimeOffset now)
    {
        var (issues, wrongTries) = (state.Sends.Issues.Count(now, SendBudget.Span), state.Guesses.WrongTries.Count(now, GuessBudget.Span));
        var channel = state.LivePending(now)?.Target.KeyType ?? state.Purpose.KeyType ?? KeyType.Email;
        var nextIssueAt = state.Sends.NextIssueAt(channel, rules, now);
        if (issues == 0 && wrongTries == 0 && state.Guesses.Locks == 0 && nextIssueAt <= now)
            return null;

        return new SupportLimits(
            state.Purpose, issues, rules.IssuesPerHour, wrongTries, rules.WrongTriesPerDay, state.Guesses.Locks,
            state.Guesses.IsLocked(now) ? state.Guesses.LockedUntil : null, nextIssueAt > now ? nextIssueAt : null);
    }
}
