using System.Collections.Immutable;
using Countersign.Domain;
using CsCheck;

namespace Countersign.Tests.Domain;

/// <summary>A checker that nothing ever sets off checks nothing: each of these faults must be found, and for what it is.</summary>
public sealed class ModelFaultTests
{
    const int MaxRounds = 100;
    const int RunsPerRound = 100;

    static readonly UserKey Straw = new(World.Address("straw@example.com")!, World.Start, false);
    static readonly UserKey StrawNumber = new(World.Address("+4900000000000")!, World.Start, false);

    /// <summary>Each fault by what is wrong with that world, and what it must be caught at.</summary>
    static readonly Dictionary<string, (Violation Violation, Fault Fault)> Faults = new()
    {
        ["a token is redeemed and kept"] = (Violation.RedeemedTwice, Storing(
            [Request.Redeem, Request.IssueForNewKey], (before, change) => Restore(before, change, AuditEventType.TokenRedeemed))),
        ["a revoked token is kept"] = (Violation.EndedTokenRedeemed, Storing(
            [Request.Redeem, Request.Put], (before, change) => Restore(before, change, AuditEventType.TokenRevoked))),
        ["a change of a key cannot be stored"] = (Violation.Crashed, Storing(
            [Request.Redeem], (_, change) => change.Events.Any(entry => entry.Type == AuditEventType.UserKeyChanged)
                ? throw new InvalidOperationException("A defect.")
                : change)),
        ["a cancelled token is kept"] = (Violation.EndedTokenRedeemed, Storing([Request.Cancel], (_, _) => null)),
        ["a superseded token is kept in place of the one after it"] = (Violation.EndedTokenRedeemed, Storing(
            [Request.Issue, Request.Resend],
            (before, change) => OnPending(change, (purpose, pending) =>
                pending with { Previous = before.State(purpose).Pending?.Previous ?? pending.Previous }))),
        ["a token outlives its expiry"] = (Violation.EndedTokenRedeemed, new Fault
        {
            Clock = (request, now) => request is Request.Redeem or Request.IssueForNewKey ? now.AddMinutes(-15) : now,
        }),
        ["somebody else's code is taken"] = (Violation.ForeignCodeRedeemed, new Fault
        {
            Types = (world, userId, purpose, code) =>
                world.Newest.Any(newest => newest.Key.UserId != userId && newest.Key.Purpose == purpose && newest.Value == code)
                    ? world.Newest.GetValueOrDefault((userId, purpose), code)
                    : code,
        }),
        ["another operation's code is taken"] = (Violation.ForeignCodeRedeemed, new Fault
        {
            Types = (world, userId, purpose, code) =>
                world.Newest.Any(newest => newest.Key.UserId == userId && newest.Key.Purpose != purpose && newest.Value == code)
                    ? world.Newest.GetValueOrDefault((userId, purpose), code)
                    : code,
        }),
        ["a decoy has a code"] = (Violation.DecoyRedeemed, new Fault { HidesOwners = true }),
        ["a key of another account is not seen"] = (Violation.KeyOnTwoAccounts, new Fault { HidesOwners = true }),
        ["a code goes to an address that is another account's"] = (Violation.CodeSentElsewhere, new Fault { HidesOwners = true }),
        ["a resend gives new tries"] = (Violation.GuessedTooOften, Storing(
            [Request.Resend], (_, change) => OnPending(change, (_, pending) => pending with { WrongTries = 0 }))),
        ["issuing again gives new tries"] = (Violation.GuessedTooOften, Storing(
            [Request.Issue], (_, change) => OnPending(change, (_, pending) => pending with { WrongTries = 0 }))),
        ["a wrong try is not stored"] = (Violation.GuessedTooOften, Storing(
            [Request.Redeem, Request.IssueForNewKey],
            (_, change) => change.Events.Any(entry => entry is { Type: AuditEventType.TokenRefused, Reason: "token-invalid" }) ? null : change)),
        ["issuing forgets the wrong tries of the day"] = (Violation.GuessedTooOften, Storing(
            [Request.Issue], (_, change) => OnStates(change, state => state with { Guesses = GuessBudget.Fresh }))),
        ["a lock is not kept"] = (Violation.GuessedTooOften, new Fault
        {
            Loads = (_, account) => OnStates(Change.Of(account), state => state with { Guesses = state.Guesses with { LockedUntil = null } }).After,
        }),
        ["a spent budget is not kept"] = (Violation.WrongAnswer, new Fault
        {
            Loads = (_, account) => OnStates(Change.Of(account), state => state with { Spent = false }).After,
        }),
        ["the last key can be removed"] = (Violation.LastKeyLost, new Fault
        {
            Loads = (request, account) => request is Request.Issue or Request.Redeem
                ? account with { Email = account.Email ?? Straw, PhoneNumber = account.PhoneNumber ?? StrawNumber }
                : account,
            Stores = (_, _, change) => change with
            {
                After = change.After with
                {
                    Email = change.After.Email == Straw ? null : change.After.Email,
                    PhoneNumber = change.After.PhoneNumber == StrawNumber ? null : change.After.PhoneNumber,
                },
            },
        }),
        ["MFA is not asked for again on redeeming"] = (Violation.WrongAnswer, new Fault
        {
            Rules = (request, rules) => request == Request.Redeem ? rules with { Mfa = false } : rules,
        }),
        ["a change is not stored"] = (Violation.WrongEffect, Storing(
            [Request.Redeem],
            (before, change) => change with { After = change.After with { Email = before.Email, PhoneNumber = before.PhoneNumber } })),
        ["an erased account stays"] = (Violation.WrongEffect, Storing([Request.Erase], (_, _) => null)),
        ["one of the notices is not sent"] = (Violation.ChangeUntold, Storing(
            [Request.Redeem], (_, change) => change.Messages.IsEmpty ? change : change with { Messages = change.Messages.RemoveAt(0) })),
        ["the new key is not told"] = (Violation.ChangeUntold, Storing(
            [Request.Redeem],
            (before, change) => change with { Messages = change.Messages.RemoveAll(message => message.Code is null && !before.Owns(message.To)) })),
        ["what the platform does is not told"] = (Violation.ChangeUntold, Storing([Request.Put], (_, change) => change with { Messages = [] })),
        ["a notice is sent twice"] = (Violation.NoticeWithoutChange, Storing(
            [Request.Redeem], (_, change) => change with { Messages = [.. change.Messages, .. change.Messages] })),
        ["a change is not recorded"] = (Violation.ChangeUnrecorded, Storing(
            [Request.Redeem], (_, change) => change with { Events = change.Events.RemoveAll(entry => entry.Type == AuditEventType.UserKeyChanged) })),
        ["a revocation is not recorded"] = (Violation.ChangeUnrecorded, Storing(
            [Request.Redeem, Request.Put],
            (_, change) => change with { Events = change.Events.RemoveAll(entry => entry.Type == AuditEventType.TokenRevoked) })),
        ["a code goes to another key of the account"] = (Violation.CodeSentElsewhere, Storing(
            [Request.Issue],
            (before, change) => change with
            {
                Messages = change.Messages.ConvertAll(message => message with { To = before.PhoneNumber?.Address ?? message.To }),
            })),
        ["a code is sent once more"] = (Violation.CodeSentElsewhere, Storing(
            [Request.Issue, Request.Resend], (_, change) => change with { Messages = [.. change.Messages, .. change.Messages] })),
        ["codes on their way are not withdrawn"] = (Violation.CodeNotWithdrawn, Storing(
            [Request.Redeem], (_, change) => change with { Withdrawn = [] })),
        ["mail to an address that is not proven shows the anti-phishing code"] = (Violation.AntiPhishingCodeMisplaced, Storing(
            [Request.IssueForNewKey],
            (before, change) => change with
            {
                Messages = change.Messages.ConvertAll(message => message with { AntiPhishingCode = before.AntiPhishingCode }),
            })),
        ["mail to a proven address leaves the anti-phishing code out"] = (Violation.AntiPhishingCodeMisplaced, Storing(
            [Request.Issue, Request.Redeem],
            (_, change) => change with { Messages = change.Messages.ConvertAll(message => message with { AntiPhishingCode = null }) })),
    };

    public static TheoryData<string> Names => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_world_with_a_fault_is_caught(string name)
    {
        var (expected, fault) = Faults[name];
        var found = 0;
        for (var round = 0; round < MaxRounds && found == 0; round++)
        {
            ModelTests.Commands.Sample(
                commands =>
                {
                    if (new ModelRun(fault).Do(commands, stopAt: expected).Violations.Any(violation => violation.Violation == expected))
                        Interlocked.Increment(ref found);
                },
                iter: RunsPerRound, print: ModelTests.Print);
        }

        Assert.True(found > 0, $"In {MaxRounds * RunsPerRound} runs of a world in which {name}, there was no {expected}.");
    }

    [Fact]
    public void Every_violation_is_one_that_a_fault_shows() =>
        Assert.Equal(Enum.GetValues<Violation>(), Faults.Values.Select(fault => fault.Violation).Distinct().Order());

    static Fault Storing(Request[] requests, Func<Account, Change, Change?> store) => new()
    {
        Stores = (request, before, change) => requests.Contains(request) ? store(before, change) : change,
    };

    /// <summary>What was pending before is pending again, for each purpose of which the audit trail has such an event.</summary>
    static Change Restore(Account before, Change change, AuditEventType type)
    {
        foreach (var purpose in change.Events.Where(entry => entry.Type == type).Select(entry => entry.Purpose!.Value))
            change = change.With(change.After.State(purpose) with { Pending = before.State(purpose).Pending });
        return change;
    }

    static Change OnPending(Change change, Func<Purpose, PendingOperation, PendingOperation> alter) =>
        OnStates(change, state => state.Pending is { } pending ? state with { Pending = alter(state.Purpose, pending) } : state);

    static Change OnStates(Change change, Func<PurposeState, PurposeState> alter) => change with
    {
        After = change.After with { Purposes = change.After.Purposes.ToImmutableDictionary(pair => pair.Key, pair => alter(pair.Value)) },
    };
}
