namespace Countersign.Tests.Faults.Suite.Rules;

/// <summary>Whatever is killed or stands still, an answer is one that the contract has; a defect shows as 500.</summary>
sealed class AnswersOfTheContract : IRule
{
    static readonly string[] Refusals =
    [
        "409 key-exists", "409 key-missing", "409 last-key", "409 mfa-enabled", "409 mfa-disabled", "409 email-required", "409 anti-phishing-exists",
        "409 anti-phishing-missing", "409 nothing-pending", "409 key-taken", "422 token-invalid", "429 too-many-attempts", "429 rate-limited",
        "503 unavailable",
    ];

    public IEnumerable<string> Violations(Evidence evidence) =>
        evidence.Calls
            .Where(call => call.Status is not null && !call.IsAcknowledged && !Refusals.Contains($"{call.Status} {call.Problem}") && !IsSameKey(call))
            .Select(call => $"{call} is no answer that was to be expected");

    /// <summary>The only value of the load that can be wrong: a new key that the other owner has just made the current one.</summary>
    static bool IsSameKey(Call call) => call is { Step: Step.SecondStep, Status: 400, Problem: "validation" };
}
