using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class AccountTests
{
    [Fact]
    public async Task An_account_without_anything_has_every_member()
    {
        await using var server = await TestServer.StartAsync();

        var account = (await server.User().AccountAsync()).IsOk();
        Assert.Equal("""{"userId":"alice","userKeys":[],"antiPhishingCode":null,"pendingOperations":[],"holds":[]}""", account.Text);
        Assert.Equal("no-store", account.Headers.GetValues("Cache-Control").Single());
    }

    [Fact]
    [Trait("ASVS", "8.2.3")]
    [Trait("ASVS", "14.2.6")]
    [Trait("ASVS", "15.3.1")]
    public async Task An_account_shows_its_keys_and_pending_operations_masked()
    {
        await using var server = await StartWithClockAsync(
            "Countersign:Limits:ResendAfter:Email=00:00:30", "Countersign:Limits:ResendAfter:Sms=00:01:00");
        var alice = await server.UserWithAsync(
            new { email = "Alice@Example.com", phoneNumber = Phone, mfa = new { email = true }, antiPhishingCode = "blue4sky" });
        server.Clock!.Advance(TimeSpan.FromMilliseconds(500));
        var phone = (await alice.IssueAsync("userKeys/removing?keyType=PHONE_NUMBER")).IsOk();
        await alice.CodeAsync("antiPhishing/changing", Email);
        await alice.CodeOfAsync(phone, Phone);

        var account = await DeliveredAsync(alice, "SENT", 2);
        Assert.Equal(["userId", "userKeys", "antiPhishingCode", "pendingOperations", "holds"], account.Body.Members());
        Assert.Equal("alice", account.Body.Text("userId"));
        Assert.Equal("b******y", account.AntiPhishing());
        Assert.Equal(
            """[{"keyType":"EMAIL","userKey":"A***e@example.com","mfaEnabled":true,"verifiedAt":"2026-11-22T19:00:00Z"},{"keyType":"PHONE_NUMBER","userKey":"+******789","mfaEnabled":false,"verifiedAt":"2026-11-22T19:00:00Z"}]""",
            account.Body.GetProperty("userKeys").GetRawText());

        var removing = account.PendingOperation("userKeys/removing");
        Assert.Equal(
            ["operation", "keyType", "destination", "reference", "expiresAt", "resendAt", "attemptsRemaining", "delivery"], removing.Members());
        Assert.Equal("PHONE_NUMBER", removing.Text("keyType"));
        Assert.Equal("+******789", removing.Text("destination"));
        Assert.Equal(phone.Body.Text("reference"), removing.Text("reference"));
        Assert.Equal(phone.Body.Text("expiresAt"), removing.Text("expiresAt"));
        Assert.Equal(phone.Body.Text("resendAt"), removing.Text("resendAt"));
        // Whole seconds: what is said to last until then does, and who comes back then is not early.
        Assert.Equal("2026-11-22T19:30:00Z", removing.Text("expiresAt"));
        Assert.Equal("2026-11-22T19:01:01Z", removing.Text("resendAt"));
        Assert.Equal(5, removing.GetProperty("attemptsRemaining").GetInt32());

        var antiPhishing = account.PendingOperation("antiPhishing/changing");
        Assert.False(antiPhishing.TryGetProperty("keyType", out _));
        Assert.Equal("A***e@example.com", antiPhishing.Text("destination"));
    }

    [Fact]
    public async Task Masks_show_the_ends_of_a_local_part_and_the_last_three_digits_of_a_number()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { });

        foreach (var (email, phoneNumber, masks) in new[]
        {
            ("a@example.com", "+1234567", new[] { "a***@example.com", "+****567" }),
            ("ab@example.com", "+123456789012345", ["a***@example.com", "+************345"]),
            ("abc@example.com", "+123456789", ["a***c@example.com", "+******789"]),
            ("someone.long@b\u00fccher.example", "+4915112345678", ["s***g@xn--bcher-kva.example", "+**********678"]),
        })
        {
            (await server.PutAccountAsync("alice", new { email, phoneNumber })).IsOk();
            Assert.Equal(masks, (await alice.AccountAsync()).Keys());
        }
    }

    [Fact]
    public async Task What_remains_of_the_tries_shows_in_the_account()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(code) });
        await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(code) });

        Assert.Equal(3, (await alice.AccountAsync()).PendingOperation("userKeys/removing").GetProperty("attemptsRemaining").GetInt32());
    }

    [Fact]
    public async Task Delivery_is_queued_while_it_is_tried_and_failed_when_it_was_refused()
    {
        var email = new Mailbox(KeyType.Email, SendStatus.Deferred);
        var sms = new Mailbox(KeyType.PhoneNumber, SendStatus.Rejected);
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Configure = builder =>
            {
                // The first sender of a channel takes its messages.
                builder.Services.Insert(0, ServiceDescriptor.Singleton<IMessageSender>(email));
                builder.Services.Insert(0, ServiceDescriptor.Singleton<IMessageSender>(sms));
            },
        });
        var alice = await server.UserWithAsync(BothKeys);
        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();
        (await alice.IssueAsync("userKeys/changing?keyType=PHONE_NUMBER")).IsOk();

        await email.Tried.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        var account = await DeliveredAsync(alice, "FAILED", 1);
        Assert.Equal("FAILED", account.PendingOperation("userKeys/changing").Text("delivery"));
        Assert.Equal("QUEUED", account.PendingOperation("userKeys/removing").Text("delivery"));
    }

    [Fact]
    public async Task Verified_claims_of_the_bearer_make_the_account_on_the_first_call()
    {
        await using var server = await TestServer.StartAsync();

        var account = await GetAsync(server, new()
        {
            ["sub"] = "alice",
            ["email"] = "Alice@example.com",
            ["email_verified"] = true,
            ["phone_number"] = "+1 234 567-89",
            ["phone_number_verified"] = true,
        });
        Assert.Equal(["A***e@example.com", "+******789"], account.Keys());
        Assert.Equal(["account_provisioned"], (await server.EventsAsync("alice")).Select(entry => entry.Text("type")));

        // Once: what the bearer says later changes nothing.
        account = await GetAsync(server, new() { ["sub"] = "alice", ["email"] = "evil@example.com", ["email_verified"] = true });
        Assert.Equal(["A***e@example.com", "+******789"], account.Keys());
    }

    [Fact]
    public async Task Claims_that_are_not_verified_malformed_or_anothers_are_left_out()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = "taken@example.com" }, "owner");

        Assert.Empty((await GetAsync(server, new() { ["sub"] = "a", ["email"] = Email, ["phone_number"] = Phone })).Keys());
        Assert.Empty((await GetAsync(server, new() { ["sub"] = "b", ["email"] = Email, ["email_verified"] = false })).Keys());
        Assert.Empty((await GetAsync(server, new() { ["sub"] = "c", ["email"] = Email, ["phone_number_verified"] = true })).Keys());
        Assert.Empty((await GetAsync(server, new() { ["sub"] = "d", ["email"] = "not an email", ["email_verified"] = true })).Keys());
        Assert.Equal(["+******789"], (await GetAsync(server, new()
        {
            ["sub"] = "e",
            ["email"] = "TAKEN@example.com",
            ["email_verified"] = true,
            ["phone_number"] = Phone,
            ["phone_number_verified"] = true,
        })).Keys());
        Assert.Equal(["t***n@example.com"], (await server.User("owner").AccountAsync()).Keys());
    }

    [Fact]
    public async Task Without_provisioning_an_account_has_to_be_made_first()
    {
        await using var server = await TestServer.StartAsync("Countersign:Accounts:ProvisionFromClaims=false");
        var alice = server.User();

        (await alice.AccountAsync()).IsRefused(404, "account-not-found");
        (await alice.IssueAsync("userKeys/adding/email", new { newEmail = Email })).IsRefused(404, "account-not-found");
        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = "123456" })).IsRefused(404, "account-not-found");
        (await alice.CancelAsync("userKeys/adding", "EMAIL")).IsRefused(404, "account-not-found");
        (await server.PutAccountAsync("alice", new { })).IsOk(201);
        (await alice.AccountAsync()).IsOk();
    }

    static async Task<Answer> GetAsync(TestServer server, Dictionary<string, object> claims) =>
        (await server.SendAsync("GET", "/api/v1/account", server.BearerWith(claims))).IsOk();

    /// <summary>Messages go out after the answer, so this waits until so many pending operations are said to be there.</summary>
    static async Task<Answer> DeliveredAsync(TestUser user, string delivery, int count)
    {
        var deadline = Environment.TickCount64 + 10_000;
        while (true)
        {
            var account = (await user.AccountAsync()).IsOk();
            var found = account.Body.GetProperty("pendingOperations").EnumerateArray().Count(pending => pending.Text("delivery") == delivery);
            if (found == count)
                return account;
            Assert.True(Environment.TickCount64 < deadline, account.Text);
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    sealed class Mailbox(KeyType channel, SendStatus status) : IMessageSender
    {
        readonly TaskCompletionSource tried = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public KeyType Channel => channel;

        public Task Tried => tried.Task;

        public Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
        {
            tried.TrySetResult();
            return Task.FromResult(new SendResult(status, "as the test says"));
        }
    }
}
