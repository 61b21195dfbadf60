using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>
/// (b) No success after a success of the same token or its twin, after a cancel, after the guess budget was spent, or after expiry: by the clocks of
/// the clients, and by the order of the audit trail.
/// </summary>
sealed class NoSuccessAfterTheEnd : IRule
{
    /// <summary>A token and the one before it: of three, the first is superseded.</summary>
    const int MaxLater = 1;

    public IEnumerable<string> Violations(Evidence evidence) =>
        from success in evidence.Successes
        where success.Token is not null
        from text in AfterAnswers(evidence, success).Concat(AfterExpiry(evidence, success)).Concat(AfterEvents(evidence, success))
        select $"{success}: {text}";

    /// <summary>Needs nothing but what clients saw: the token was there before an end of it was asked for, and the end was answered before the success was asked for.</summary>
    static IEnumerable<string> AfterAnswers(Evidence evidence, Call success)
    {
        if (evidence.FirstHandedOver(success.Token!) is not { } wasThere)
            yield break;

        foreach (var end in evidence.Calls.Where(call => call != success && IsEnd(call, success.Redeems!.Value)))
        {
            if (wasThere.IsBefore(end.Sent) && end.Ended.IsBefore(success.Sent))
                yield return $"it came after its token was ended by {end}";
        }
    }

    static bool IsEnd(Call call, Purpose purpose) =>
        (call.IsAcknowledged && (call.Redeems == purpose || (call.Step == Step.Cancel && call.Purpose == purpose)))
        || (call.AttemptsRemaining == 0 && call.Redeems == purpose);

    static IEnumerable<string> AfterExpiry(Evidence evidence, Call success)
    {
        if (evidence.Row(success.Token!) is not { } row)
            yield break;

        if (success.Sent.At >= row.ExpiresAt)
            yield return $"it was asked for when its token had expired at {row.ExpiresAt:HH:mm:ss.fff}";
        foreach (var commit in evidence.CausedBy(success).Where(commit => commit.At >= row.ExpiresAt))
            yield return $"it was decided when its token had expired at {row.ExpiresAt:HH:mm:ss.fff}: {commit}";
    }

    static IEnumerable<string> AfterEvents(Evidence evidence, Call success)
    {
        var purpose = success.Redeems!.Value;
        if (evidence.Row(success.Token!) is not { } row || evidence.IssueOf(row) is not { } issue)
            yield break;
        if (evidence.CausedBy(success).FirstOrDefault(commit => commit.Has("token_redeemed", purpose)) is not { } commit)
            yield break;

        var between = evidence.Commits.Where(other => other.Version > issue.Version && other.Version < commit.Version).ToList();
        if (commit.Version <= issue.Version)
            yield return $"it was stored before its token was issued: {commit}, {issue}";
        if (between.FirstOrDefault(other => other.Ends(purpose)) is { } end)
            yield return $"it was stored as {commit} after its token was ended by {end}";
        if (between.Count(other => other.Has("token_issued", purpose)) > MaxLater)
            yield return $"it was stored as {commit} after its token of version {issue.Version} was superseded";
    }
}
