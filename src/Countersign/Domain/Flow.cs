namespace Countersign.Domain;

/// <summary>
/// What one operation adds to the common life of a token: when it is allowed, whose proof it needs, and what redeeming changes.
/// All of it is pure.
/// </summary>
abstract class Flow
{
    public static Flow Of(Operation operation) => operation switch
    {
        Operation.AddingKey => AddingKey.Instance,
        Operation.ChangingKey => ChangingKey.FirstStep,
        Operation.ChangingNewKey => ChangingKey.SecondStep,
        Operation.RemovingKey => RemovingKey.Instance,
        Operation.AddingAntiPhishing => AntiPhishing.Adding,
        Operation.ChangingAntiPhishing => AntiPhishing.Changing,
        Operation.EnablingMfa => Mfa.Enabling,
        Operation.DisablingMfa => Mfa.Disabling,
    };

    /// <summary>
    /// Why the operation is not allowed now, in the order of the contract; null where it is. Asked when a token is issued, and asked
    /// again in the commit that redeems it: what was allowed then may not be any more.
    /// </summary>
    public abstract Refusal? Guard(Account account, KeyType? keyType, Rules rules);

    /// <summary>The user key that the code goes to and proves; only called when the guard has let the account pass.</summary>
    public abstract Address ProvenBy(Account account, KeyType? keyType);

    /// <summary>The change itself, with its notices and its audit event.</summary>
    /// <param name="before">The account as it was loaded: who has to be told.</param>
    /// <param name="change">What spending the token has changed so far.</param>
    public abstract Change Complete(
        Account before, Change change, Purpose purpose, PendingOperation pending, AntiPhishingCode? newCode, Rules rules, DateTimeOffset now);

    /// <summary>The key that stands, for flows that are about a key that the account has.</summary>
    protected static Address Current(Account account, KeyType? keyType) => account.Key(keyType!.Value)!.Address;
}
