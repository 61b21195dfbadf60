using Countersign.Domain;

namespace Countersign;

public sealed partial class AccountSecurity
{
    /// <summary>
    /// What an operator wants of an account, in the same loop as what its owner wants. Nothing is provisioned, no limit is met, and no switch asked: what is
    /// there can be helped with, whatever has been switched off since.
    /// </summary>
    /// <param name="decide">
    /// Asked after each load. What it reads beside the account is changed by commits upon the account only, or is asked again by the commit.
    /// </param>
    internal async Task<SupportStatus> DecideAsync(
        Caller by, string userId, Func<Account, Rules, DateTimeOffset, Task<SupportDecision>> decide, CancellationToken ct)
    {
        using var activity = telemetry.StartDecision<AccountView>(null);
        for (var round = 1; round <= MaxRounds; round++)
        {
            if ((await store.LoadAsync(userId, null, ct)).Account is not { } account)
                return SupportStatus.AccountNotFound;

            var (rules, now) = (options.Rules, Now);
            var (status, change) = await decide(account, rules, now);
            if (status != SupportStatus.Done && change is null)
                telemetry.Unrecorded();
            if (change is null || await TryCommitAsync(by, account, change, now))
                return status;
        }

        throw Contended();
    }
}
