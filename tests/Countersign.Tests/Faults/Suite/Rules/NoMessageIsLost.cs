using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>
/// (e) Every acknowledged issue led to a message with the reference of its answer that was handed over, or to one that is seen to be dead because it
/// expired, or withdrawn because its token had ended. The same holds of every other message of the outbox, and no code is sent long after its expiry.
/// </summary>
sealed class NoMessageIsLost : IRule
{
    /// <summary>
    /// A try that was begun in time: the sender's timeout, and a node that stood still in the middle of it. Less than what passes until another node takes
    /// over the message of one that died.
    /// </summary>
    static readonly TimeSpan Late = TimeSpan.FromSeconds(25);

    public IEnumerable<string> Violations(Evidence evidence)
    {
        var arrived = evidence.HandedOver.ToLookup(message => message.Id);
        return evidence.Calls.Where(call => call.Issues && call.IsAcknowledged).SelectMany(call => Acknowledged(evidence, call, arrived))
            .Concat(evidence.Outbox.SelectMany(row => Fate(evidence, row, arrived)));
    }

    static IEnumerable<string> Acknowledged(Evidence evidence, Call call, ILookup<string, HandedOver> arrived)
    {
        var rows = evidence.CausedBy(call)
            .SelectMany(commit => evidence.Outbox.Where(row => row.CreatedAt == commit.At && row.Purpose == call.Purpose && IsAnswer(row)))
            .ToList();
        if (rows.Count == 0)
            yield return $"{call} was acknowledged, and there is no message";
        // Two issues may fall into the same millisecond: one of the two is this one's.
        if (rows.Count > 0 && !rows.Any(row => row.Kind != MessageKind.Code || !arrived.Contains(row.Id) || arrived[row.Id].Any(copy => copy.Reference == call.Reference)))
            yield return $"{call} was acknowledged with the reference {call.Reference}, and no message {string.Join(", ", rows.Select(row => row.Id))} has it";
    }

    static bool IsAnswer(OutboxLine row) => row.Kind is MessageKind.Code or MessageKind.AddressInUse;

    static IEnumerable<string> Fate(Evidence evidence, OutboxLine row, ILookup<string, HandedOver> arrived)
    {
        switch (row.State)
        {
            case "SENT" when !arrived.Contains(row.Id):
                yield return $"{row} is said to be sent, and never arrived";
                break;
            case "DEAD" when row.FinishedAt < row.ExpiresAt:
                yield return $"{row} is dead before it expired";
                break;
            case "WITHDRAWN" when evidence.IssueOf(row) is { } issue && !issue.IsSupersededBy(evidence.Commits, row.Purpose)
                && !evidence.Commits.Any(later => later.Version > issue.Version && later.Ends(row.Purpose)):
                yield return $"{row} was withdrawn, and its token has not ended";
                break;
            case "QUEUED":
                yield return $"{row} still waits";
                break;
            case not ("SENT" or "DEAD" or "WITHDRAWN"):
                yield return $"{row} is in no state of the outbox";
                break;
        }

        foreach (var copy in arrived[row.Id].Where(copy => copy.Code is not null && copy.At.At > row.ExpiresAt + Late))
            yield return $"{row} was handed over at {copy.At.At:HH:mm:ss.fff}, after its code had expired";
    }
}
