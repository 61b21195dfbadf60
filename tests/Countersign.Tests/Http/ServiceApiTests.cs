using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class ServiceApiTests
{
    const string Alice = "/api/v1/admin/accounts/alice";

    [Fact]
    public async Task An_account_is_created_and_replaced_and_shown_unmasked()
    {
        await using var server = await TestServer.StartAsync();

        var created = (await server.PutAccountAsync("alice", new
        {
            email = "Alice@Example.com",
            phoneNumber = "+1 (234) 567-89",
            locale = "de-AT",
            mfa = new { email = true, phoneNumber = false },
            antiPhishingCode = "blue4sky",
        })).IsOk(201);
        Assert.Equal(["userId", "userKeys", "antiPhishingCode", "pendingOperations", "holds"], created.Body.Members());
        Assert.Equal(["Alice@example.com", Phone], created.Keys());
        Assert.True(created.HasMfa("EMAIL"));
        Assert.False(created.HasMfa("PHONE_NUMBER"));
        Assert.Equal("blue4sky", created.AntiPhishing());

        var replaced = (await server.PutAccountAsync("alice", new { phoneNumber = Phone, mfa = new { phoneNumber = true } })).IsOk(200);
        Assert.Equal([Phone], replaced.Keys());
        Assert.True(replaced.HasMfa("PHONE_NUMBER"));
        Assert.Null(replaced.AntiPhishing());
        Assert.Equal(replaced.Text, (await server.Service().GetAsync(Alice)).IsOk().Text);
    }

    [Fact]
    public async Task Replacing_by_the_same_changes_nothing()
    {
        await using var server = await TestServer.StartAsync();
        var profile = new { email = Email, phoneNumber = Phone, mfa = new { email = true }, antiPhishingCode = "blue4sky" };
        var created = (await server.PutAccountAsync("alice", profile)).IsOk(201);
        var alice = server.User();
        (await alice.IssueAsync("mfa/disabling", new { destination = "EMAIL" })).IsOk();
        var events = (await server.EventsAsync("alice")).Count;

        var replaced = (await server.PutAccountAsync("alice", profile)).IsOk(200);
        Assert.Equal(created.Body.GetProperty("userKeys").GetRawText(), replaced.Body.GetProperty("userKeys").GetRawText());
        Assert.Equal(["mfa/disabling EMAIL"], replaced.Pending());
        Assert.Equal(events, (await server.EventsAsync("alice")).Count);
    }

    [Fact]
    public async Task Pending_operations_show_their_destination_unmasked()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();
        (await alice.IssueAsync("userKeys/adding/email", new { newEmail = Email })).IsOk();

        var account = (await server.Service().GetAsync(Alice)).IsOk();
        Assert.Equal(Email, account.PendingOperation("userKeys/adding").Text("destination"));
    }

    [Fact]
    public async Task A_key_of_another_account_is_taken_and_nothing_changes()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(BothKeys);
        await server.UserWithAsync(new { email = "bob@example.com" }, "bob");

        (await server.PutAccountAsync("bob", new { email = "ALICE@example.com" })).IsRefused(409, "key-taken");
        (await server.PutAccountAsync("bob", new { email = "bob@example.com", phoneNumber = Phone })).IsRefused(409, "key-taken");
        (await server.PutAccountAsync("carol", new { phoneNumber = Phone })).IsRefused(409, "key-taken");

        Assert.Equal(["bob@example.com"], (await server.Service().GetAsync("/api/v1/admin/accounts/bob")).Keys());
        (await server.Service().GetAsync("/api/v1/admin/accounts/carol")).IsRefused(404, "account-not-found");
    }

    [Fact]
    public async Task Replacing_or_removing_a_key_ends_the_tokens_that_went_to_it()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var removing = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        var antiPhishing = await alice.CodeAsync("antiPhishing/adding", Email);
        var phone = await alice.CodeAsync("mfa/enabling", Phone, new { destination = "PHONE_NUMBER" });

        var account = (await server.PutAccountAsync("alice", new { email = "moved@example.com", phoneNumber = Phone })).IsOk();
        Assert.Equal(["mfa/enabling PHONE_NUMBER"], account.Pending());
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = removing })).IsRefused(422, "token-invalid");
        (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = antiPhishing, antiPhishingCode = "evil1234" })).IsRefused(422, "token-invalid");

        Assert.Empty((await server.PutAccountAsync("alice", new { email = "moved@example.com" })).IsOk().Pending());
        (await server.PutAccountAsync("alice", new { email = "moved@example.com", phoneNumber = Phone })).IsOk();
        (await alice.RedeemAsync("mfa/enabling", new { destination = "PHONE_NUMBER", oneTimeToken = phone })).IsRefused(422, "token-invalid");
    }

    [Fact]
    [Trait("ASVS", "2.2.3")]
    public async Task What_is_malformed_is_named_as_the_request_names_it()
    {
        await using var server = await TestServer.StartAsync();
        Task<Answer> PutAsync(object profile) => server.PutAccountAsync("alice", profile);

        (await PutAsync(new { email = "nobody" })).Blames("email");
        (await PutAsync(new { phoneNumber = "123456789" })).Blames("phoneNumber");
        (await PutAsync(new { locale = "no_such_tag" })).Blames("locale");
        (await PutAsync(new { email = Email, antiPhishingCode = "a b" })).Blames("antiPhishingCode");
        (await PutAsync(new { mfa = new { email = true } })).Blames("mfa.email");
        (await PutAsync(new { email = Email, mfa = new { phoneNumber = true } })).Blames("mfa.phoneNumber");
        (await PutAsync(new { phoneNumber = Phone, antiPhishingCode = "blue4sky" })).Blames("antiPhishingCode");
        (await PutAsync(new { mfa = new { email = "true" } })).Blames("mfa.email");
        (await PutAsync(new { mfa = new { sms = true } })).Blames("mfa.sms");
        (await PutAsync(new { Email })).Blames("Email");
        (await PutAsync(new { email = "nobody", phoneNumber = "0" })).Blames("email", "phoneNumber");
        (await PutAsync("[]")).Blames("body");
        (await server.Service().GetAsync(Alice)).IsRefused(404, "account-not-found");
    }

    [Fact]
    public async Task What_is_null_is_as_if_it_were_not_there()
    {
        await using var server = await TestServer.StartAsync();

        var account = (await server.PutAccountAsync(
            "alice", """{"email":null,"phoneNumber":"+123456789","locale":null,"mfa":{"email":null},"antiPhishingCode":null}""")).IsOk(201);
        Assert.Equal([Phone], account.Keys());
    }

    [Fact]
    [Trait("ASVS", "14.2.7")]
    public async Task An_erased_account_is_gone_with_its_keys_tokens_and_messages()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);

        Assert.Equal("", (await server.Service().DeleteAsync(Alice)).IsOk(204).Text);
        (await server.Service().GetAsync(Alice)).IsRefused(404, "account-not-found");
        (await server.Service().DeleteAsync(Alice)).IsRefused(404, "account-not-found");
        Assert.Empty(await server.InboxAsync());

        // Somebody else may have the keys now, and whoever comes under the old name begins anew.
        await server.UserWithAsync(BothKeys, "bob");
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).IsRefused(422, "token-invalid");
        Assert.Empty((await alice.AccountAsync()).Keys());
    }

    [Fact]
    [Trait("ASVS", "8.3.3")]
    public async Task The_service_is_nobodys_account()
    {
        await using var server = await TestServer.StartAsync();
        var bearer = server.BearerWith(new()
        {
            ["sub"] = "platform",
            ["scope"] = "countersign.accounts",
            ["email"] = Email,
            ["email_verified"] = true,
        });

        (await server.SendAsync("GET", "/api/v1/admin/accounts/platform", bearer)).IsRefused(404, "account-not-found");
        (await server.SendAsync("DELETE", "/api/v1/admin/accounts/alice", bearer)).IsRefused(404, "account-not-found");
        (await server.SendAsync("GET", "/api/v1/admin/accounts/alice/events", bearer)).IsRefused(404, "account-not-found");
    }

    [Fact]
    public async Task The_scope_is_in_scope_or_scp_as_a_list_or_separated_by_spaces()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = Email });

        async Task<Answer> WithAsync(string? claim, object? value)
        {
            var claims = new Dictionary<string, object> { ["sub"] = "platform" };
            if (claim is not null)
                claims[claim] = value!;
            return await server.SendAsync("GET", Alice, server.BearerWith(claims));
        }

        (await WithAsync("scope", "countersign.accounts")).IsOk();
        (await WithAsync("scope", "openid countersign.accounts profile")).IsOk();
        (await WithAsync("scp", "countersign.accounts")).IsOk();
        (await WithAsync("scp", new[] { "openid", "countersign.accounts" })).IsOk();

        (await WithAsync(null, null)).IsRefused(403, "forbidden");
        (await WithAsync("scope", "")).IsRefused(403, "forbidden");
        (await WithAsync("scope", "countersign")).IsRefused(403, "forbidden");
        (await WithAsync("scope", "countersign.accounts.read")).IsRefused(403, "forbidden");
        (await WithAsync("scope", "Countersign.Accounts")).IsRefused(403, "forbidden");
        (await WithAsync("scp", "openid")).IsRefused(403, "forbidden");
        (await WithAsync("roles", "countersign.accounts")).IsRefused(403, "forbidden");
    }

    [Fact]
    [Trait("ASVS", "8.2.1")]
    [Trait("ASVS", "8.3.1")]
    public async Task Every_service_endpoint_asks_for_the_scope()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = Email });
        var alice = server.User();

        (await alice.GetAsync(Alice)).IsRefused(403, "forbidden");
        (await alice.PutAsync(Alice, new { })).IsRefused(403, "forbidden");
        (await alice.DeleteAsync(Alice)).IsRefused(403, "forbidden");
        (await alice.GetAsync($"{Alice}/events")).IsRefused(403, "forbidden");
        Assert.Equal(["a***e@example.com"], (await alice.AccountAsync()).Keys());
    }

    [Fact]
    [Trait("ASVS", "16.2.1")]
    public async Task The_audit_trail_tells_what_happened_newest_first()
    {
        await using var server = await StartWithClockAsync();
        var alice = await server.UserWithAsync(BothKeys);
        server.Clock!.Advance(TimeSpan.FromSeconds(1));
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = Wrong(code) });
        (await alice.CancelAsync("userKeys/removing", "EMAIL")).IsOk(204);
        code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken = code })).IsOk();

        var events = await server.EventsAsync("alice");
        Assert.Equal(
            ["user_key_removed", "token_redeemed", "token_issued", "token_revoked", "token_refused", "token_issued", "account_provisioned"],
            events.Select(entry => entry.Text("type")));
        Assert.Equal(events.Count, events.Select(entry => entry.Text("id")).Distinct().Count());

        var provisioned = events[^1];
        Assert.Equal("platform", provisioned.Text("actor"));
        Assert.Equal(Start, provisioned.Time("at"));
        Assert.False(provisioned.TryGetProperty("operation", out _));
        var issued = events[^2];
        Assert.Equal("alice", issued.Text("actor"));
        Assert.Equal("userKeys/removing", issued.Text("operation"));
        Assert.Equal("EMAIL", issued.Text("keyType"));
        Assert.Equal("a***e@example.com", issued.Text("target"));
        Assert.Equal("127.0.0.1", issued.Text("ip"));
        Assert.Equal(Start.AddSeconds(1), issued.Time("at"));
        Assert.Equal("token-invalid", events[^3].Text("reason"));
        string[] allowed = ["id", "at", "type", "operation", "keyType", "target", "reason", "actor", "ip", "userAgent"];
        Assert.All(events, entry => Assert.Empty(entry.Members().Except(allowed)));
    }

    [Fact]
    public async Task Every_type_of_event_is_written()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:WrongTriesPerDay=1");
        var alice = await server.UserWithAsync(new { phoneNumber = Phone });
        var adding = await alice.CodeAsync("userKeys/adding/email", Email, new { newEmail = Email });
        (await alice.RedeemAsync("userKeys/adding/email", new { oneTimeToken = adding })).IsOk();
        var changing = await alice.NewKeyCodeAsync("EMAIL", Email, "new@example.org");
        (await alice.RedeemAsync("userKeys/changing", new { keyType = "EMAIL", oneTimeToken = changing })).IsOk();
        var antiPhishing = await alice.CodeAsync("antiPhishing/adding", "new@example.org");
        (await alice.RedeemAsync("antiPhishing/adding", new { oneTimeToken = antiPhishing, antiPhishingCode = "blue4sky" })).IsOk();
        var enabling = await alice.CodeAsync("mfa/enabling", Phone, new { destination = "PHONE_NUMBER" });
        (await alice.RedeemAsync("mfa/enabling", new { destination = "PHONE_NUMBER", oneTimeToken = enabling })).IsOk();
        var disabling = await alice.CodeAsync("mfa/disabling", Phone, new { destination = "PHONE_NUMBER" });
        (await alice.RedeemAsync("mfa/disabling", new { destination = "PHONE_NUMBER", oneTimeToken = disabling })).IsOk();
        var removing = await alice.CodeAsync("userKeys/removing?keyType=PHONE_NUMBER", Phone);
        (await alice.RedeemAsync("userKeys/removing", new { keyType = "PHONE_NUMBER", oneTimeToken = removing })).IsOk();
        var wrong = await alice.CodeAsync("antiPhishing/changing", "new@example.org");
        await alice.RedeemAsync("antiPhishing/changing", new { oneTimeToken = Wrong(wrong), antiPhishingCode = "green7" });
        (await server.Service().DeleteAsync(Alice)).IsOk(204);

        var types = (await server.EventsAsync("alice")).Select(entry => entry.Text("type")!).Distinct().Order();
        Assert.Equal(
            [
                "account_erased", "account_provisioned", "anti_phishing_code_set", "mfa_disabled", "mfa_enabled", "operation_locked", "token_issued",
                "token_redeemed", "token_refused", "token_revoked", "user_key_added", "user_key_changed", "user_key_removed",
            ],
            types);
    }

    [Fact]
    public async Task The_audit_trail_is_cut_at_the_limit()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();
        var service = server.Service();

        var one = (await service.GetAsync($"{Alice}/events?limit=1")).IsOk().Body.EnumerateArray().ToList();
        Assert.Equal("token_issued", Assert.Single(one).Text("type"));
        Assert.Equal(2, (await service.GetAsync($"{Alice}/events")).IsOk().Body.EnumerateArray().Count());
        foreach (var limit in new[] { "0", "-1", "1001", "x", "", "1&limit=2", "%2B1" })
            (await service.GetAsync($"{Alice}/events?limit={limit}")).Blames("limit");
    }

    [Fact]
    public async Task A_user_id_is_taken_as_the_path_has_it()
    {
        await using var server = await TestServer.StartAsync();
        var longest = new string('x', 255);
        (await server.PutAccountAsync(longest, new { })).IsOk(201);
        (await server.PutAccountAsync(longest + "x", new { })).Blames("userId");
        (await server.PutAccountAsync("tab%09tab", new { })).Blames("userId");
        // Ids are exact: only paths are matched without case.
        (await server.PutAccountAsync("Bob", new { email = Email })).IsOk(201);
        (await server.Service().GetAsync("/api/v1/admin/accounts/bob")).IsRefused(404, "account-not-found");

        (await server.PutAccountAsync("auth0%7C12%20%C3%A9+1", new { phoneNumber = Phone })).IsOk(201);
        Assert.Equal(["+******789"], (await server.User("auth0|12 \u00e9+1").AccountAsync()).Keys());
    }

    [Theory]
    [InlineData(".")]
    [InlineData("..")]
    public async Task A_subject_that_no_path_can_name_is_nobodys(string subject)
    {
        await using var server = await TestServer.StartAsync();
        var bearer = server.BearerWith(new Dictionary<string, object> { ["sub"] = subject });
        (await server.SendAsync("GET", "/api/v1/account", bearer)).IsRefused(401, "unauthenticated");
    }

    [Fact]
    public async Task A_user_id_with_a_slash_is_the_account_of_that_subject()
    {
        await using var server = await TestServer.StartAsync();

        foreach (var userId in new[] { "https://idp.example/users/1", "a%2Fb", "a%b" })
        {
            var path = $"/api/v1/admin/accounts/{Uri.EscapeDataString(userId)}";
            var put = (await server.Service().PutAsync(path, new { })).IsOk(201);
            Assert.Equal(userId, put.Body.Text("userId"));
            Assert.Equal(put.Text, (await server.User(userId).AccountAsync()).IsOk().Text);
            Assert.Single((await server.Service().GetAsync($"{path}/events")).IsOk().Body.EnumerateArray());
        }
    }
}
