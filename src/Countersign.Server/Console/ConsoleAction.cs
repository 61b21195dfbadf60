using Countersign.Domain;
using Countersign.Support;

namespace Countersign.Server.Console;

/// <summary>Something that an operator does to an account, by the last part of its address.</summary>
/// <param name="Done">What is said once it is done.</param>
/// <param name="RunAsync">Null where the form does not say to what.</param>
sealed record ConsoleAction(
    string Name, string Done, Func<AccountSupport, Caller, string, IFormCollection, string, CancellationToken, Task<SupportStatus?>> RunAsync)
{
    public static readonly ConsoleAction Revoke = new(
        "revoke", "The codes are revoked. None of them works any more.", async (support, by, userId, form, reason, ct) =>
            form["operation"].Count == 0
                ? await support.RevokeAsync(by, userId, null, reason, ct)
                : PurposeOf(form) is { } purpose ? await support.RevokeAsync(by, userId, purpose, reason, ct) : null);

    public static readonly ConsoleAction Unlock = new(
        "unlock", "The operation is unlocked, and its wrong tries are forgotten.", async (support, by, userId, form, reason, ct) =>
            PurposeOf(form) is { } purpose ? await support.UnlockAsync(by, userId, purpose, reason, ct) : null);

    public static readonly ConsoleAction Lift = new(
        "lift", "The hold is lifted.", async (support, by, userId, form, reason, ct) =>
            Names.TryParseHoldReason(form["hold"], out var hold) ? await support.LiftHoldAsync(by, userId, hold, reason, ct) : null);

    public static readonly ConsoleAction Retry = new(
        "retry", "The message is queued again.", async (support, by, userId, form, reason, ct) =>
            MessageOf(form) is { } message ? await support.RetryMessageAsync(by, userId, message, reason, ct) : null);

    public static readonly ConsoleAction Drop = new(
        "drop", "The message is dropped, and what it said is erased.", async (support, by, userId, form, reason, ct) =>
            MessageOf(form) is { } message ? await support.DropMessageAsync(by, userId, message, reason, ct) : null);

    public static readonly ConsoleAction Erase = new(
        "erase", "The account is erased. Its audit trail stays.", async (support, by, userId, _, reason, ct) => await support.EraseAsync(by, userId, reason, ct));

    static readonly ConsoleAction[] All = [Revoke, Unlock, Lift, Retry, Drop, Erase];

    public static ConsoleAction? Find(string name) => Array.Find(All, action => action.Name == name);

    /// <summary>Why nothing was done.</summary>
    public static string Undone(SupportStatus status) => status switch
    {
        SupportStatus.Done => "",
        SupportStatus.BadReason => "Nothing was done: the reason is missing or too long.",
        SupportStatus.AccountNotFound => "Nothing was done: there is no such account.",
        SupportStatus.NothingPending => "Nothing was done: no code is pending any more.",
        SupportStatus.NotLocked => "Nothing was done: the operation is not locked any more.",
        SupportStatus.NotHeld => "Nothing was done: there is no such hold any more.",
        SupportStatus.MessageNotFound => "Nothing was done: there is no such message.",
        SupportStatus.MessageNotRetryable => "Nothing was done: the message is not dead any more, or has expired.",
        SupportStatus.MessageNotDroppable => "Nothing was done: the message was sent or withdrawn already.",
    };

    static Purpose? PurposeOf(IFormCollection form)
    {
        KeyType? keyType = Names.TryParseKeyType(form["keyType"], out var key) ? key : null;
        return Names.TryParseOperation(form["operation"], out var operation) && new Purpose(operation, keyType) is { IsWhole: true } purpose ? purpose : null;
    }

    static string? MessageOf(IFormCollection form) => form["message"].ToString() is { Length: > 0 and <= 64 } id ? id : null;
}
