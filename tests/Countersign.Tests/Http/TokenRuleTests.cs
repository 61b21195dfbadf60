using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class TokenRuleTests
{
    const string Removing = "userKeys/removing?keyType=EMAIL";

    [Fact]
    [Trait("Attack", "6")]
    public async Task Named_again_in_another_spelling_the_target_stays_as_it_was_frozen()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();
        var first = await alice.CodeAsync("userKeys/adding/email", "Alice@example.com", new { newEmail = "Alice@example.com" });
        var second = await alice.CodeAsync("userKeys/adding/email", "Alice@example.com", new { newEmail = "ALICE@example.com" });

        Assert.Equal(["Alice@example.com", "Alice@example.com"], (await server.InboxAsync()).Select(message => message.Destination));
        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = first })).IsOk();
        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = second })).IsRefused(422, "token-invalid");
        var account = await server.Service().GetAsync("/api/v1/admin/accounts/alice");
        Assert.Equal("Alice@example.com", account.Body.GetProperty("userKeys")[0].GetProperty("userKey").GetString());
    }

    [Fact]
    public async Task The_newest_two_tokens_are_live_and_never_more()
    {
        await using var server = await TestServer.StartAsync("Countersign:Tokens:Code=Base32");
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync(Removing, Email);
        var second = await alice.CodeAsync(Removing, Email);
        var third = await alice.CodeAsync(Removing, Email);

        Assert.Equal(4, (await RedeemAsync(alice, first)).IsRefused(422, "token-invalid").AttemptsRemaining);
        // The one before the newest: a slow mail does not bite.
        (await RedeemAsync(alice, second)).IsOk();
        var twin = (await RedeemAsync(alice, third)).IsRefused(422, "token-invalid");
        Assert.Null(twin.AttemptsRemaining);
    }

    [Fact]
    [Trait("ASVS", "6.6.2")]
    [Trait("Attack", "6")]
    public async Task Issuing_for_another_target_revokes_the_earlier_tokens()
    {
        await using var server = await TestServer.StartAsync("Countersign:Tokens:Code=Base32");
        var alice = server.User();
        var one = await alice.CodeAsync("userKeys/adding/email?newEmail=one@example.com", "one@example.com");
        var two = await alice.CodeAsync("userKeys/adding/email?newEmail=two@example.com", "two@example.com");

        Assert.Equal(
            ["token_issued", "token_revoked", "token_issued", "account_provisioned"],
            (await server.EventsAsync("alice")).Select(entry => entry.Text("type")));

        // Each target is an operation of its own, with five tries of its own.
        Assert.Equal(4, (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = one })).IsRefused(422, "token-invalid").AttemptsRemaining);
        var one2 = await alice.CodeAsync("userKeys/adding/email?newEmail=one@example.com", "one@example.com");
        Assert.Equal(4, (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = two })).IsRefused(422, "token-invalid").AttemptsRemaining);
        Assert.Equal(["o***e@example.com"], (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = one2 })).IsOk().Keys());
    }

    [Fact]
    public async Task The_same_target_in_other_letters_is_the_same_target()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();
        var first = await alice.CodeAsync("userKeys/adding/email?newEmail=alice@example.com", Email);
        (await alice.IssueAsync("userKeys/adding/email?newEmail=Alice@EXAMPLE.com")).IsOk();

        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = first })).IsOk();
    }

    [Fact]
    [Trait("ASVS", "6.5.1")]
    public async Task A_token_is_redeemed_once()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("mfa/enabling", Email, new { destination = "EMAIL" });
        (await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = code })).IsOk();
        // So that it is the token that refuses, and not the guard.
        (await server.PutAccountAsync("alice", BothKeys)).IsOk();

        (await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = code })).IsRefused(422, "token-invalid");
        Assert.False((await alice.AccountAsync()).HasMfa("EMAIL"));
    }

    [Fact]
    [Trait("ASVS", "6.4.1")]
    public async Task A_token_expires_with_its_lifetime_and_not_before()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var email = await alice.CodeAsync(Removing, Email);
        var phone = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);

        server.Clock!.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(2, (await alice.AccountAsync()).Pending().Count());
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = phone })).IsOk();
        server.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var expired = (await RedeemAsync(alice, email)).IsRefused(422, "token-invalid");
        Assert.Null(expired.AttemptsRemaining);
        Assert.Empty((await alice.AccountAsync()).Pending());
        (await alice.ResendAsync("userKeys/removing", "EMAIL")).IsRefused(409, "nothing-pending");
    }

    [Fact]
    public async Task The_older_of_two_tokens_ends_at_its_own_expiry()
    {
        await using var server = await StartWithClockAsync("Countersign:Tokens:Code=Base32");
        var alice = await server.UserWithAsync(BothKeys);
        var older = await alice.CodeAsync(Removing, Email);
        server.Clock!.Advance(TimeSpan.FromMinutes(10));
        var newer = await alice.CodeAsync(Removing, Email);

        server.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(4, (await RedeemAsync(alice, older)).IsRefused(422, "token-invalid").AttemptsRemaining);
        (await RedeemAsync(alice, newer)).IsOk();
    }

    [Fact]
    public async Task The_lifetime_is_configured_for_all_and_per_operation_and_channel()
    {
        await using var server = await StartWithClockAsync(
            "Countersign:Tokens:Lifetime=00:01:30",
            "Countersign:Tokens:Lifetimes:0:Operation=userKeys/removing", "Countersign:Tokens:Lifetimes:0:Lifetime=00:05:00",
            "Countersign:Tokens:Lifetimes:1:Channel=PHONE_NUMBER", "Countersign:Tokens:Lifetimes:1:Lifetime=00:00:45",
            "Countersign:Tokens:Lifetimes:2:Operation=userKeys/removing", "Countersign:Tokens:Lifetimes:2:Channel=PHONE_NUMBER",
            "Countersign:Tokens:Lifetimes:2:Lifetime=1.00:00:00");
        var alice = await server.UserWithAsync(BothKeys);

        async Task ExpectAsync(string path, object? body, string expiration, TimeSpan lifetime)
        {
            var issued = (await alice.IssueAsync(path, body)).IsOk();
            Assert.Equal(expiration, issued.Body.Text("expiration"));
            Assert.Equal(Start + lifetime, issued.Body.Time("expiresAt"));
        }

        await ExpectAsync("mfa/enabling", new { destination = "EMAIL" }, "90sec.", TimeSpan.FromSeconds(90));
        await ExpectAsync("mfa/enabling", new { destination = "PHONE_NUMBER" }, "45sec.", TimeSpan.FromSeconds(45));
        await ExpectAsync(Removing, null, "5min.", TimeSpan.FromMinutes(5));
        await ExpectAsync("userKeys/removing?keyType=PHONE_NUMBER", null, "1440min.", TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task Five_wrong_tries_end_the_tokens_until_one_is_issued_again()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:WrongTriesPerDay=100");
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync(Removing, Email);

        for (var left = 4; left >= 0; left--)
            Assert.Equal(left, (await RedeemAsync(alice, Wrong(code))).IsRefused(422, "token-invalid").AttemptsRemaining);
        var spent = (await RedeemAsync(alice, code)).IsRefused(429, "too-many-attempts");
        Assert.True(spent.RetryAfter() >= 1);
        Assert.Null(spent.AttemptsRemaining);
        Assert.Empty((await alice.AccountAsync()).Pending());
        (await RedeemAsync(alice, Wrong(code))).IsRefused(429, "too-many-attempts");

        var again = await alice.CodeAsync(Removing, Email);
        Assert.Equal(4, (await RedeemAsync(alice, Wrong(again, code))).IsRefused(422, "token-invalid").AttemptsRemaining);
        (await RedeemAsync(alice, again)).IsOk();
    }

    [Fact]
    public async Task The_old_code_stays_dead_after_the_budget_was_spent_and_a_new_one_issued()
    {
        await using var server = await TestServer.StartAsync("Countersign:Tokens:Code=Base32");
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync(Removing, Email);
        for (var i = 0; i < 5; i++)
            (await RedeemAsync(alice, Wrong(code))).IsRefused(422, "token-invalid");

        await alice.CodeAsync(Removing, Email);
        (await RedeemAsync(alice, code)).IsRefused(422, "token-invalid");
    }

    [Fact]
    public async Task Issuing_again_while_an_operation_is_pending_gives_no_new_tries()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:WrongTriesPerDay=100");
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync(Removing, Email);
        await RedeemAsync(alice, Wrong(first));
        await RedeemAsync(alice, Wrong(first));

        var second = await alice.CodeAsync(Removing, Email);
        Assert.Equal(3, (await alice.AccountAsync()).PendingOperation("userKeys/removing").GetProperty("attemptsRemaining").GetInt32());
        Assert.Equal(2, (await RedeemAsync(alice, Wrong(first, second))).AttemptsRemaining);
        var third = await alice.CodeAfterAsync(alice.ResendAsync("userKeys/removing", "EMAIL"), Email);
        Assert.Equal(1, (await RedeemAsync(alice, Wrong(second, third))).AttemptsRemaining);
        Assert.Equal(0, (await RedeemAsync(alice, Wrong(second, third))).AttemptsRemaining);
        // One budget for both: the twin is spent as well.
        (await RedeemAsync(alice, second)).IsRefused(429, "too-many-attempts");
        (await RedeemAsync(alice, third)).IsRefused(429, "too-many-attempts");
    }

    [Fact]
    public async Task Only_a_wrong_token_counts_as_a_wrong_try()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        // Nothing is pending: nothing to guess at, nothing to count.
        for (var i = 0; i < 12; i++)
            Assert.Null((await RedeemAsync(alice, "123456")).IsRefused(422, "token-invalid").AttemptsRemaining);

        var code = await alice.CodeAsync(Removing, Email);
        for (var i = 0; i < 12; i++)
        {
            (await RedeemAsync(alice, "12345")).IsRefused(400, "validation");
            (await RedeemAsync(alice, "12345a")).IsRefused(400, "validation");
        }

        Assert.Equal(4, (await RedeemAsync(alice, Wrong(code))).AttemptsRemaining);
        (await RedeemAsync(alice, code)).IsOk();
    }

    [Fact]
    [Trait("ASVS", "2.3.2")]
    [Trait("ASVS", "6.3.1")]
    [Trait("ASVS", "6.6.3")]
    public async Task Ten_wrong_tries_in_a_day_lock_the_operation_for_longer_each_time()
    {
        await using var server = await StartWithClockAsync();
        await server.UserWithAsync(BothKeys);
        TimeSpan[] locks = [TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(1)];

        foreach (var lockedFor in locks)
        {
            // Anew each time: the bearer lives for an hour.
            var alice = server.User();
            var code = await SpendAsync(server, alice);

            server.Clock!.Advance(TimeSpan.FromSeconds(1));
            alice = server.User();
            Answer[] locked =
            [
                await RedeemAsync(alice, code),
                await alice.IssueAsync(Removing),
                await alice.ResendAsync("userKeys/removing", "EMAIL"),
            ];
            Assert.All(locked, answer => Assert.Equal(
                (int)lockedFor.TotalSeconds - 1, answer.IsRefused(429, "too-many-attempts").RetryAfter()));

            server.Clock.Advance(lockedFor - TimeSpan.FromSeconds(1) - TimeSpan.FromMilliseconds(1));
            alice = server.User();
            Assert.Equal(1, (await alice.IssueAsync(Removing)).IsRefused(429, "too-many-attempts").RetryAfter());
            server.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        (await server.User().IssueAsync(Removing)).IsOk();
    }

    [Fact]
    [Trait("ASVS", "6.3.1")]
    [Trait("Attack", "18")]
    public async Task A_lock_holds_up_no_other_operation_key_type_or_account()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var bob = await server.UserWithAsync(new { email = "bob@example.com", phoneNumber = "+4915112345678" }, "bob");
        await SpendAsync(server, alice);

        (await alice.IssueAsync(Removing)).IsRefused(429, "too-many-attempts");
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();
        (await alice.AccountAsync()).IsOk();
        (await bob.IssueAsync(Removing)).IsOk();
        var phone = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = phone })).IsOk();
    }

    [Fact]
    [Trait("ASVS", "6.6.3")]
    [Trait("Attack", "3")]
    public async Task The_days_tries_are_not_reset_by_issuing_and_show_in_what_remains()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:WrongTriesPerDay=7");
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync(Removing, Email);
        for (var i = 0; i < 5; i++)
            await RedeemAsync(alice, Wrong(code));

        // A cancel gives five new tries, of which the day has two left.
        code = await alice.CodeAsync(Removing, Email);
        Assert.Equal(2, (await alice.AccountAsync()).PendingOperation("userKeys/removing").GetProperty("attemptsRemaining").GetInt32());
        (await alice.CancelAsync("userKeys/removing", "EMAIL")).IsOk(204);
        code = await alice.CodeAsync(Removing, Email);
        Assert.Equal(1, (await RedeemAsync(alice, Wrong(code))).IsRefused(422, "token-invalid").AttemptsRemaining);
        Assert.Equal(0, (await RedeemAsync(alice, Wrong(code))).IsRefused(422, "token-invalid").AttemptsRemaining);

        (await RedeemAsync(alice, code)).IsRefused(429, "too-many-attempts");
        Assert.InRange((await alice.IssueAsync(Removing)).IsRefused(429, "too-many-attempts").RetryAfter(), 890, 900);
    }

    [Fact]
    public async Task Wrong_tries_are_forgotten_after_24_hours_and_not_before()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(BothKeys);
        await WrongAsync(alice, 5);

        server.Clock!.Leap(TimeSpan.FromHours(24) - TimeSpan.FromMilliseconds(1));
        alice = server.User();
        await WrongAsync(alice, 4);
        await alice.CodeAfterAsync(alice.ResendAsync("userKeys/removing", "EMAIL"), Email);
        Assert.Equal(1, (await alice.AccountAsync()).PendingOperation("userKeys/removing").GetProperty("attemptsRemaining").GetInt32());

        (await alice.CancelAsync("userKeys/removing", "EMAIL")).IsOk(204);
        server.Clock!.Advance(TimeSpan.FromMilliseconds(1));
        (await alice.IssueAsync(Removing)).IsOk();
        // Only the four are left of the day.
        Assert.Equal(5, (await alice.AccountAsync()).PendingOperation("userKeys/removing").GetProperty("attemptsRemaining").GetInt32());
    }

    [Fact]
    public async Task A_success_clears_the_count_and_the_length_of_the_next_lock()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        const string Enabling = "mfa/enabling";
        var email = new { destination = "EMAIL" };

        async Task<string> WrongTriesAsync(int count)
        {
            var code = await alice.CodeAsync(Enabling, Email, email);
            for (var i = 0; i < count; i++)
                (await alice.RedeemAsync(Enabling, new { destination = "EMAIL", oneTimeToken = Wrong(code) })).IsRefused(422, "token-invalid");
            return code;
        }

        async Task SucceedAsync(string code)
        {
            (await alice.RedeemAsync(Enabling, new { destination = "EMAIL", oneTimeToken = code })).IsOk();
            (await server.PutAccountAsync("alice", new { email = Email })).IsOk();
        }

        await WrongTriesAsync(5);
        await WrongTriesAsync(5);
        server.Clock!.Advance(TimeSpan.FromMinutes(15));
        await SucceedAsync(await WrongTriesAsync(4));

        // With the four counted, six would lock; with the lock remembered, it would be an hour.
        await WrongTriesAsync(5);
        await SucceedAsync(await WrongTriesAsync(4));
        await WrongTriesAsync(5);
        await WrongTriesAsync(5);
        Assert.Equal(900, (await alice.IssueAsync(Enabling, email)).IsRefused(429, "too-many-attempts").RetryAfter());
    }

    [Fact]
    public async Task The_lock_comes_before_the_guards_and_a_guard_before_the_send_limits()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:ResendAfter:Email=00:00:30");
        var alice = await server.UserWithAsync(BothKeys);
        (await alice.IssueAsync(Removing)).IsOk();
        (await server.PutAccountAsync("alice", new { email = Email })).IsOk();
        (await alice.IssueAsync(Removing)).IsRefused(409, "last-key");

        (await server.PutAccountAsync("alice", BothKeys)).IsOk();
        (await alice.CancelAsync("userKeys/removing", "EMAIL")).IsOk(204);
        server.Clock!.Advance(TimeSpan.FromSeconds(30));
        await WrongAsync(alice, 5);
        server.Clock.Advance(TimeSpan.FromSeconds(30));
        await WrongAsync(alice, 5);
        (await server.PutAccountAsync("alice", new { email = Email })).IsOk();
        (await alice.IssueAsync(Removing)).IsRefused(429, "too-many-attempts");
        (await alice.IssueAsync("userKeys/removing?keyType=email")).IsRefused(400, "validation");
    }

    [Fact]
    [Trait("ASVS", "2.4.2")]
    public async Task Messages_of_an_operation_are_spaced_by_channel()
    {
        await using var server = await StartWithClockAsync(
            "Countersign:Limits:ResendAfter:Email=00:00:30", "Countersign:Limits:ResendAfter:Sms=00:01:00");
        var alice = await server.UserWithAsync(BothKeys);
        var email = (await alice.IssueAsync(Removing)).IsOk();
        var phone = (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
        Assert.Equal(Start.AddSeconds(30), email.Body.Time("resendAt"));
        Assert.Equal(Start.AddSeconds(60), phone.Body.Time("resendAt"));

        Assert.Equal(30, (await alice.IssueAsync(Removing)).IsRefused(429, "rate-limited").RetryAfter());
        Assert.Equal(60, (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsRefused(429, "rate-limited").RetryAfter());
        // Each operation has its own pace.
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();

        server.Clock!.Advance(TimeSpan.FromSeconds(30));
        (await alice.IssueAsync(Removing)).IsOk();
        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsRefused(429, "rate-limited");
        server.Clock.Advance(TimeSpan.FromSeconds(30));
        (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
    }

    [Fact]
    public async Task The_pause_counts_also_after_a_cancel_and_not_after_a_success()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:ResendAfter:Email=00:00:30");
        var alice = await server.UserWithAsync(new { email = Email });
        var email = new { destination = "EMAIL" };
        (await alice.IssueAsync("mfa/enabling", email)).IsOk();
        (await alice.CancelAsync("mfa/enabling", "EMAIL")).IsOk(204);
        (await alice.IssueAsync("mfa/enabling", email)).IsRefused(429, "rate-limited");

        server.Clock!.Advance(TimeSpan.FromSeconds(30));
        var code = await alice.CodeAsync("mfa/enabling", Email, email);
        (await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = code })).IsOk();
        (await server.PutAccountAsync("alice", new { email = Email })).IsOk();
        (await alice.IssueAsync("mfa/enabling", email)).IsOk();
    }

    [Fact]
    public async Task The_pause_is_the_same_for_another_target()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:ResendAfter:Email=00:00:30");
        var alice = server.User();
        var one = await alice.CodeAsync("userKeys/adding/email?newEmail=one@example.com", "one@example.com");

        (await alice.IssueAsync("userKeys/adding/email?newEmail=two@example.com")).IsRefused(429, "rate-limited");
        // What was refused has revoked nothing.
        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = one })).IsOk();
    }

    [Fact]
    public async Task Five_messages_go_out_in_an_hour_whatever_becomes_of_them()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:IssuesPerHour=5");
        var alice = await server.UserWithAsync(new { email = Email });
        var email = new { destination = "EMAIL" };
        var code = await alice.CodeAsync("mfa/enabling", Email, email);
        (await alice.RedeemAsync("mfa/enabling", new { destination = "EMAIL", oneTimeToken = code })).IsOk();
        (await server.PutAccountAsync("alice", new { email = Email })).IsOk();

        server.Clock!.Advance(TimeSpan.FromMinutes(10));
        (await alice.IssueAsync("mfa/enabling", email)).IsOk();
        (await alice.CancelAsync("mfa/enabling", "EMAIL")).IsOk(204);
        (await alice.IssueAsync("mfa/enabling", email)).IsOk();
        (await alice.ResendAsync("mfa/enabling", "EMAIL")).IsOk();
        var fifth = (await alice.IssueAsync("mfa/enabling", email)).IsOk();
        // It says at once when the sixth may go.
        Assert.Equal(Start.AddHours(1), fifth.Body.Time("resendAt"));

        Assert.Equal(3000, (await alice.IssueAsync("mfa/enabling", email)).IsRefused(429, "rate-limited").RetryAfter());
        Assert.Equal(3000, (await alice.ResendAsync("mfa/enabling", "EMAIL")).IsRefused(429, "rate-limited").RetryAfter());
        (await alice.IssueAsync("userKeys/changing?keyType=EMAIL")).IsOk();

        server.Clock.Advance(TimeSpan.FromMinutes(50));
        alice = server.User();
        (await alice.IssueAsync("mfa/enabling", email)).IsOk();
        Assert.Equal(600, (await alice.IssueAsync("mfa/enabling", email)).IsRefused(429, "rate-limited").RetryAfter());
    }

    [Fact]
    public async Task A_wait_of_less_than_a_second_is_said_to_be_one()
    {
        await using var server = await StartWithClockAsync("Countersign:Limits:ResendAfter:Email=00:00:30");
        var alice = await server.UserWithAsync(BothKeys);
        (await alice.IssueAsync(Removing)).IsOk();

        server.Clock!.Advance(TimeSpan.FromMilliseconds(28_500));
        Assert.Equal(2, (await alice.IssueAsync(Removing)).IsRefused(429, "rate-limited").RetryAfter());
        server.Clock.Advance(TimeSpan.FromMilliseconds(1_499));
        Assert.Equal(1, (await alice.IssueAsync(Removing)).IsRefused(429, "rate-limited").RetryAfter());
    }

    static Task<Answer> RedeemAsync(TestUser user, string oneTimeToken) =>
        user.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken });

    static async Task<string> WrongAsync(TestUser user, int count)
    {
        var code = await user.CodeAsync(Removing, Email);
        for (var i = 0; i < count; i++)
            (await RedeemAsync(user, Wrong(code))).IsRefused(422, "token-invalid");
        return code;
    }

    /// <summary>The ten wrong tries of a day, on two pending operations.</summary>
    static async Task<string> SpendAsync(TestServer server, TestUser user)
    {
        await WrongAsync(user, 5);
        var code = await WrongAsync(user, 5);
        Assert.Contains(await server.EventsAsync("alice"), entry => entry.Text("type") == "operation_locked");
        return code;
    }
}
