using Countersign.Domain;

namespace Countersign.Tests.Domain;

/// <summary>Which code is tried where, beginning with a token that was issued.</summary>
enum Guess
{
    Right,
    Wrong,
    ByTheOtherUser,
    ForAnotherPurpose,
}

abstract record Command;

sealed record Issue(string UserId, Purpose Purpose, string? NewKey) : Command;

/// <summary>Waits for a minute, and has the same token sent again or issued again.</summary>
/// <param name="Back">Which token, counted from the newest of all.</param>
sealed record Again(int Back, bool Resends) : Command;

sealed record Resend(int Back) : Command;

sealed record Cancel(int Back) : Command;

/// <param name="Other">The purpose of a guess for another one, where the user has had no other token.</param>
/// <param name="NewKey">What the key is changed to, where the token is of the first step of a change; its type is that of the token.</param>
sealed record Redeem(int Back, Guess Guess, Purpose Other, int NewKey, string NewCode) : Command;

/// <summary>Wrong codes, and a new token whenever the tries on one are spent.</summary>
/// <param name="AgainAfter">After how many of them it is sent or issued again besides.</param>
sealed record GuessAgainAndAgain(int Back, int Times, int AgainAfter, bool Resends) : Command;

sealed record Advance(TimeSpan Time) : Command;

sealed record Put(string UserId, AccountProfile Profile) : Command
{
    public override string ToString() =>
        $"Put {{ {UserId}: {Profile.Email?.Value} {Profile.EmailMfa}, {Profile.PhoneNumber?.Value} {Profile.PhoneNumberMfa}, "
        + $"{Profile.AntiPhishingCode?.Reveal()} }}";
}

sealed record Erase(string UserId) : Command;

sealed record Toggle(bool Mfa) : Command;
