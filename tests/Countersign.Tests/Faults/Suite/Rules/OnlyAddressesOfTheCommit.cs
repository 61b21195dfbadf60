using System.Text.RegularExpressions;
using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>
/// (f) A message goes to the address that its commit named, and names no other; and what a redeemed code does is done to the address that its message
/// went to.
/// </summary>
sealed partial class OnlyAddressesOfTheCommit : IRule
{
    public IEnumerable<string> Violations(Evidence evidence) =>
        evidence.HandedOver.SelectMany(message => Message(evidence, message)).Concat(evidence.Successes.SelectMany(success => Target(evidence, success)));

    static IEnumerable<string> Message(Evidence evidence, HandedOver message)
    {
        if (evidence.Row(message.Id) is not { } row)
        {
            yield return $"message {message.Id} was handed over to {message.Destination}, and no commit has caused it";
            yield break;
        }

        if (Masks.Of(message.Destination) != row.Destination)
            yield return $"message {message.Id} went to {message.Destination}, and its commit named {row.Destination}";
        if (!evidence.Calls.Any(call => call.NewKey == message.Destination))
            yield return $"message {message.Id} went to {message.Destination}, which no request has named";

        // Of the commits of that millisecond, any may be its own.
        var named = evidence.Commits.Where(commit => commit.At == row.CreatedAt).SelectMany(commit => commit.Events).Select(e => e.Target).ToHashSet();
        foreach (var address in Named(message).Where(address => !named.Contains(address)))
            yield return $"message {message.Id} names {address}, and its commit named {string.Join(", ", named)}";
        foreach (var call in evidence.Calls.Where(call => call.NewKey is not null && message.Text.Contains(call.NewKey, StringComparison.Ordinal)))
            yield return $"message {message.Id} names {call.NewKey} unmasked";
    }

    static IEnumerable<string> Target(Evidence evidence, Call success)
    {
        if (success.Token is null || evidence.HandedOver.FirstOrDefault(message => message.Id == success.Token) is not { } message)
            yield break;

        var address = Masks.Of(message.Destination);
        foreach (var commit in evidence.CausedBy(success))
        {
            foreach (var e in commit.Events.Where(e => e.Type == "token_redeemed" || (e.Type is "user_key_added" or "user_key_changed")))
            {
                if (e.Target != address)
                    yield return $"the code of {success.Token} went to {address}, and redeeming it did {e.Type} to {e.Target}: {commit}";
            }
        }
    }

    /// <summary>Everything in the text that looks like a masked address.</summary>
    static IEnumerable<string> Named(HandedOver message) => MaskedAddress().Matches(message.Text).Select(match => match.Value).Distinct();

    [GeneratedRegex(@"\w\*\*\*\w?@[\w.-]*\w|\+\*+\d{3}")]
    private static partial Regex MaskedAddress();
}
