using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>
/// (d) What was acknowledged is stored, once, with its events; what was refused is not; what is not known is stored at most once; and nothing is stored
/// that nobody asked for. Versions have no gap, and are in the order in which requests followed one another.
/// </summary>
sealed class EveryChangeOnce : IRule
{
    public IEnumerable<string> Violations(Evidence evidence) =>
        Causes(evidence).Concat(evidence.Calls.SelectMany(call => Commits(evidence, call))).Concat(Versions(evidence)).Concat(Order(evidence));

    static IEnumerable<string> Causes(Evidence evidence)
    {
        var ids = evidence.Calls.Select(call => call.Id).ToHashSet();
        return evidence.Commits.Where(commit => commit.Cause is null || !ids.Contains(commit.Cause)).Select(commit => $"nobody asked for {commit}");
    }

    static IEnumerable<string> Commits(Evidence evidence, Call call)
    {
        var commits = evidence.CausedBy(call).ToList();
        var (least, most) = Count(call);
        if (commits.Count < least)
            yield return $"{call} left nothing in the store";
        if (commits.Count > most)
            yield return $"{call} was stored {commits.Count} times: {string.Join("; ", commits)}";
        foreach (var commit in commits.Where(commit => !Fits(call, commit)))
            yield return $"{call} does not go with {commit}";
    }

    static (int Least, int Most) Count(Call call) => call switch
    {
        { IsUnknown: true } => (0, 1),
        { Step: Step.Provision, Status: 201 } => (1, 1),
        { Step: Step.Provision, IsAcknowledged: true } => (0, 0),
        { Step: Step.Cancel, IsAcknowledged: true } => (0, 1),
        { IsAcknowledged: true } => (1, 1),
        // The right token at the wrong time.
        { Status: 409, Redeems: not null } => (1, 1),
        { AttemptsRemaining: not null } => (1, 1),
        // Nothing has come of it but a line of the trail, or not even that: there are only so many in a minute.
        _ => (0, 1),
    };

    static bool Fits(Call call, StoredCommit commit) => call switch
    {
        { IsUnknown: true } => Is(call, commit) || IsTrace(commit, reason: null) || (call.Redeems is not null && IsRefusal(call, commit, reason: null)),
        { IsAcknowledged: true } => Is(call, commit),
        { Status: 409, Redeems: not null } => IsRefusal(call, commit, call.Problem),
        { AttemptsRemaining: not null } => IsRefusal(call, commit, "token-invalid"),
        _ => IsTrace(commit, call.Problem),
    };

    /// <summary>A refusal that has changed nothing else.</summary>
    static bool IsTrace(StoredCommit commit, string? reason) =>
        commit.Events is [{ Type: "request_refused" } only] && (reason is null || only.Reason == reason);

    static bool Is(Call call, StoredCommit commit) => call.Step switch
    {
        Step.Provision => commit.Has("account_provisioned", null),
        Step.Issue or Step.Resend => commit.Has("token_issued", call.Purpose),
        Step.SecondStep => commit.Has("token_redeemed", call.Redeems) && commit.Has("token_issued", call.Purpose),
        Step.Cancel => commit.Has("token_revoked", call.Purpose),
        Step.Redeem => commit.Has("token_redeemed", call.Purpose) && commit.Events.Count(e => e.Type == EventOf(call.Purpose!.Value)) == 1,
    };

    static bool IsRefusal(Call call, StoredCommit commit, string? reason) =>
        commit.Events.Any(e => e.Type == "token_refused" && e.Purpose == call.Redeems && (reason is null || e.Reason == reason))
        && commit.Events.All(e => e.Type is "token_refused" or "token_revoked" or "operation_locked");

    static string EventOf(Purpose purpose) => purpose.Operation switch
    {
        Operation.AddingKey => "user_key_added",
        Operation.ChangingNewKey => "user_key_changed",
        Operation.RemovingKey => "user_key_removed",
        Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing => "anti_phishing_code_set",
        Operation.EnablingMfa => "mfa_enabled",
        Operation.DisablingMfa => "mfa_disabled",
        Operation.ChangingKey => throw new ArgumentException("The first step changes nothing by itself.", nameof(purpose)),
    };

    static IEnumerable<string> Versions(Evidence evidence)
    {
        var version = evidence.Account?.Version ?? 0;
        var found = evidence.Commits.Select(commit => commit.Version);
        if (!found.SequenceEqual(Enumerable.Range(1, (int)version).Select(number => (long)number)))
            yield return $"the account is at version {version}, and its trail has {string.Join(' ', found)}";
        foreach (var commit in evidence.Commits.Where(commit => commit.Events.Any(e => e.At != commit.At || e.Cause != commit.Cause)))
            yield return $"two commits share {commit}";
    }

    /// <summary>What was asked for after an answer was there is stored after it.</summary>
    static IEnumerable<string> Order(Evidence evidence)
    {
        var calls = evidence.Calls.ToDictionary(call => call.Id);
        Call? firstToEnd = null;
        foreach (var commit in evidence.Commits.Reverse())
        {
            if (calls.GetValueOrDefault(commit.Cause ?? "") is not { } call)
                continue;
            if (firstToEnd is not null && firstToEnd.Ended.IsBefore(call.Sent))
                yield return $"{call} is stored as {commit}, before that of {firstToEnd}";
            if (!call.IsUnknown && (firstToEnd is null || call.Ended.IsBefore(firstToEnd.Ended)))
                firstToEnd = call;
        }
    }
}
