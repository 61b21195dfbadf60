using BenchmarkDotNet.Attributes;
using Countersign.Domain;

namespace Countersign.Bench.Micro;

/// <summary>What the domain makes of a request, without the store before and after it.</summary>
public class Decisions
{
    readonly Draw draw = Sample.Draw("531975");
    readonly Decision<IssuedToken> issued = Sample.Issue(Sample.Draw("531975"));
    readonly IReadOnlyList<LimitState> limits = Sample.Limits(Sample.Issue(Sample.Draw("531975")).Change!);

    [GlobalSetup]
    public void Check()
    {
        Sample.Require(((Decision<IssuedToken>)Issue()).Change is { Messages.Count: 2, Events.Count: 1 }, "a token is issued, and a notice goes with it.");
        Sample.Require(((Decision<IssuedToken>)IssueForNewKey()).Change is { Messages.Count: 3, Events.Count: 2 }, "a token is redeemed, and one is issued of which both keys hear.");
        Sample.Require(((Decision<Account>)RedeemRight()).Change is { Messages.Count: 3, Offers: not null }, "a code is right, and the change can be undone.");
        Sample.Require(((Decision<Account>)RedeemWrong()).Outcome.Refused is { AttemptsRemaining: 4 }, "a code is wrong.");
        Sample.Require(((Decision<IssuedToken>)ApplyLimits()).Change is { Drawn.Count: 2 }, "two limits have room.");
        Sample.Require(((AccountView)View()) is { UserKeys.Count: 2, PendingOperations.Count: 2, Holds.Count: 1 }, "the account is shown.");
    }

    [Benchmark]
    public object Issue() => Sample.Issue(draw);

    [Benchmark]
    public object IssueForNewKey() =>
        Sample.Account.IssueForNewKey(Sample.NewNumber, null, Sample.CodeToPhoneNumber, draw, Sample.Codes, Sample.Rules, Sample.Now);

    [Benchmark]
    public object RedeemRight() => Sample.Redeem();

    [Benchmark]
    public object RedeemWrong() =>
        Sample.Account.Redeem(Sample.ChangingToNewEmail, Sample.WrongCode, null, Sample.Undo, Sample.Codes, Sample.Rules, Sample.Now);

    /// <summary>Which limits an issue meets: those of its client, and those of the address that it goes to.</summary>
    [Benchmark]
    public object FindLimits() => Sample.Rules.Limits.For(Demand.Issue, "203.0.113.17", issued.Change, isDone: true);

    [Benchmark]
    public object ApplyLimits() => Limits.Apply(
        issued, Demand.Issue, Sample.ChangingAntiPhishing, Sample.Account, limits, Sample.Rules.Limits, Sample.Now, out _);

    [Benchmark]
    public object View() => AccountView.Of(Sample.Account, Sample.Rules, Sample.Now);
}
