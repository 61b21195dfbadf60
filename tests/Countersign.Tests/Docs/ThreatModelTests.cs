using System.Globalization;

namespace Countersign.Tests.Docs;

/// <summary>The attacks of the threat model, each with its defence and with the tests that fail without it.</summary>
public sealed class ThreatModelTests
{
    const string Page = "docs/threat-model.md";

    static readonly (string Attack, string Defence)[] Attacks =
    [
        ("Redeeming one token many times at once", "an account has one version, and a commit is conditional on it"),
        ("Guessing in parallel, faster than tries are counted", "a wrong try is stored before it is answered"),
        ("Asking for new tokens to get new tries", "ten wrong tries in a day lock the operation, each time for longer, however many tokens there were"),
        ("Restarting the server, or waiting for that, to get new tries", "tries are stored with the decision that they caused"),
        ("Using a token of somebody else, of another operation, step or key type", "a digest binds account, operation, key type, target and code"),
        ("Having the target changed between issuing and redeeming", "the target is frozen in the token; another target ends it"),
        ("Redeeming what is not allowed any more", "every guard is asked again in the commit that spends the token"),
        ("Sending members that a request does not have, to set what is not the user's to set", "requests are closed: an unknown or repeated member is 400"),
        ("Reading a code in an answer, a log, a trace, a metric, a URL or a database", "secrets have types that print nothing; codes wait encrypted and are erased at hand-off"),
        ("Claiming somebody's address in another spelling or script", "one canonical form, unique over all accounts; mail goes to the stored address"),
        ("Injecting SMTP commands, headers or recipients", "such characters are refused where they come in, and headers are built by a library"),
        ("Injecting markup or template expressions into messages and pages", "values are never templates, and are encoded for their place"),
        ("Forging Host or forwarding headers, to have links lead elsewhere", "links have the configured base; proxies are believed where they are configured"),
        ("Having many SMS or mails sent: for a share of the fee, or to bury the owner", "limits per address, client, block of numbers, country and day, and a breaker on what is redeemed of what is sent"),
        ("Finding out by answers who has an account", "a request about an address that is taken gets the same answer, and a code that redeems nothing"),
        ("Having a link scanner use a link up", "only POST acts; a link shows a page with a button"),
        ("Asking for an address first, and completing when its owner has an account", "an address is claimed in the commit that redeems; one that was given up is kept for a while"),
        ("Locking somebody out by wrong tries", "only the operation is locked, and only one's own bearer can do it"),
        ("Using a node whose clock is wrong", "a node whose clock is not the database's is not ready, and accepts nothing"),
        ("Losing or doubling messages by crashes", "a message is written in the commit that causes it, leased to one node, and keeps one id and one code"),
        ("Redeeming again after a standby took over that missed the first time", "a token belongs to the timeline of the database's log"),
        ("Making a commit's outcome unknown, to have it done twice", "503 while nobody knows; under an Idempotency-Key the stored answer"),
        ("Forging a bearer", "issuers, algorithms, audience and expiry are allow-lists; a key speaks for its own issuer"),
        ("Changing everything with a stolen session", "step-up, a code to a key for each change, notices to all keys, holds, undoing"),
    ];

    static readonly ILookup<string, string> Tests = TraitedTests.By("Attack");

    [Fact]
    public void The_table_of_attacks_is_what_the_tests_say()
    {
        var rows = Attacks.Select((item, index) => $"| {index + 1} | {item.Attack} | {item.Defence} | {Shown(index + 1)} |\n");
        GeneratedPage.Check(Page, GeneratedPage.With(Page, "attacks", $"| | attack | defence | tests |\n|---|---|---|---|\n{string.Concat(rows)}"));
    }

    [Fact]
    public void Every_attack_has_a_test()
    {
        var numbers = Enumerable.Range(1, Attacks.Length).ToList();
        Assert.Equal(24, numbers.Count);
        Assert.All(numbers, number => Assert.True(Tests.Contains(Id(number)), $"Attack {number} has no test."));
        Assert.Subset(numbers.Select(Id).ToHashSet(), Tests.Select(tests => tests.Key).ToHashSet());
    }

    static string Shown(int number) => string.Join("<br>", Tests[Id(number)]);

    static string Id(int number) => number.ToString(CultureInfo.InvariantCulture);
}
