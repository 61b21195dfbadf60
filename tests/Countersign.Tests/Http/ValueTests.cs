using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class ValueTests
{
    [Fact]
    public async Task Emails_are_taken_and_kept_in_the_form_of_the_contract()
    {
        await using var server = await TestServer.StartAsync();
        var local64 = new string('a', 64);
        var octets254 = $"{local64}@{new string('b', 63)}.{new string('c', 63)}.{new string('d', 57)}.com";
        Assert.Equal(254, octets254.Length);

        foreach (var (given, kept) in new[]
        {
            ("Alice.B@Example.COM", "Alice.B@example.com"),
            ("a@b.cd", "a@b.cd"),
            ("!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com"),
            ("user@b\u00fccher.example", "user@xn--bcher-kva.example"),
            ("user@B\u00dcCHER.example", "user@xn--bcher-kva.example"),
            ("user@\u4f8b\u3048.jp", "user@xn--r8jz45g.jp"),
            ("user@sub-1.1und1.de", "user@sub-1.1und1.de"),
            (octets254, octets254),
        })
        {
            var put = (await server.PutAccountAsync("alice", new { email = given })).IsOk(200 + (given[0] == 'A' ? 1 : 0));
            Assert.Equal([kept], put.Keys());
        }
    }

    [Fact]
    [Trait("ASVS", "2.2.1")]
    [Trait("ASVS", "2.2.2")]
    [Trait("Attack", "11")]
    public async Task What_is_no_email_of_the_contract_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        foreach (var newEmail in new[]
        {
            "", " ", "a", "@", "a@", "@example.com", "a@localhost", "a@b@example.com", "a.example.com", ".a@example.com", "a.@example.com",
            "a..b@example.com", "\"a\"@example.com", "\"a b\"@example.com", "a(comment)@example.com", "Alice <a@example.com>", "<a@example.com>",
            "a@[127.0.0.1]", "a@127.0.0.1", "a@[IPv6:::1]", " a@example.com", "a@example.com ", "a b@example.com", "a@exam ple.com", "a@example.com\t",
            "a@example.com\n", "a@example.com\r\nBcc: b@example.com", "a\u0000@example.com", "a\u007f@example.com", "a\u0085@example.com",
            "a\u200b@example.com", "a@exam\u200bple.com", "a\u202e@example.com", "a@example\u2066.com", "a@example.com\u2028", "\ufeffa@example.com",
            "\u00e4@example.com", "\u0131@example.com", "\u212a@example.com", "\uff41@example.com", "a\uff20example.com", "a@.com", "a@example.", "a@example..com",
            "a@-example.com", "a@example-.com", "a@exa_mple.com", "a@xn--.com", "a,b@example.com", "a;b@example.com", "mailto:a@example.com",
            new string('a', 65) + "@example.com", $"a@{new string('b', 64)}.com",
            $"{new string('a', 64)}@{new string('b', 63)}.{new string('c', 63)}.{new string('d', 58)}.com",
        })
            (await alice.IssueAsync("userKeys/adding/email", new { newEmail })).Blames("newEmail");
        Assert.Empty((await alice.AccountAsync()).Pending());
    }

    [Fact]
    [Trait("Attack", "10")]
    public async Task Emails_that_differ_in_case_or_in_the_form_of_the_domain_are_one_key()
    {
        await using var server = await TestServer.StartAsync();
        await server.UserWithAsync(new { email = "Alice@b\u00fccher.example" });

        foreach (var email in new[] { "alice@b\u00fccher.example", "ALICE@XN--BCHER-KVA.EXAMPLE", "alice@B\u00dcCHER.example", "alice@bu\u0308cher.example" })
            (await server.PutAccountAsync("bob", new { email })).IsRefused(409, "key-taken");
        foreach (var email in new[] { "alice@bucher.example", "a.lice@b\u00fccher.example", "alice+x@b\u00fccher.example" })
            (await server.PutAccountAsync($"other-{email.Length}-{email[1]}", new { email })).IsOk(201);
    }

    [Fact]
    public async Task Phone_numbers_are_stripped_to_their_digits()
    {
        await using var server = await TestServer.StartAsync();
        (await server.PutAccountAsync("alice", new { })).IsOk(201);

        foreach (var (given, kept) in new[]
        {
            ("+1234567", "+1234567"),
            ("+123456789012345", "+123456789012345"),
            ("+49 (151) 123-45.678", "+4915112345678"),
            ("+1 234 (567)", "+1234567"),
        })
            Assert.Equal([kept], (await server.PutAccountAsync("alice", new { phoneNumber = given })).IsOk().Keys());
    }

    [Fact]
    [Trait("ASVS", "2.2.1")]
    [Trait("ASVS", "2.2.2")]
    public async Task What_is_no_phone_number_of_the_contract_is_refused()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        foreach (var newPhoneNumber in new[]
        {
            "", "+", "123456789", "00123456789", "+123456", "+1234567890123456", "+0123456789", "+12345678a", "+12345678x9", "++123456789", "+1+23456789",
            " +123456789", "+123456789 ", "+123456789\n", "+12345\u00006789", "+123/456/789", "+123_456_789", "+\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
            "\uff0b123456789", "+123456789;ext=1", "tel:+123456789", "+1234\u200b56789", "+1234\u00a056789", "alice@example.com",
        })
            (await alice.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber })).Blames("newPhoneNumber");
    }

    [Fact]
    public async Task Assigned_numbers_only_are_taken_where_that_is_configured()
    {
        await using var server = await TestServer.StartAsync("Countersign:PhoneNumbers:Accept=Assigned");
        var alice = server.User();

        (await alice.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+123456789" })).Blames("newPhoneNumber");
        // A land line of Berlin.
        (await alice.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+493012345678" })).Blames("newPhoneNumber");
        (await alice.IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+4915112345678" })).IsOk();
    }

    [Fact]
    public async Task Six_digits_are_a_token_with_spaces_and_dashes_wherever()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        Assert.Matches("^[0-9]{6}$", code);

        foreach (var oneTimeToken in new[]
        {
            "", " ", "------", code[..5], code + "0", code[..5] + "a", code[..5] + "O", "+" + code[..5], code[..3] + "." + code[3..], code[..3] + "\t" + code[3..],
            code[..3] + "\u00a0" + code[3..], code + "\n", "\u0661\u0662\u0663\u0664\u0665\u0666", "\uff11\uff12\uff13\uff14\uff15\uff16", new string('1', 10_000),
        })
            (await RedeemAsync(alice, oneTimeToken)).Blames("oneTimeToken");
        (await RedeemAsync(alice, $" - {code[..1]}-{code[1..3]} {code[3..]}-- ")).IsOk();
    }

    [Fact]
    public async Task Eight_digits_are_a_token_where_that_is_configured()
    {
        await using var server = await TestServer.StartAsync("Countersign:Tokens:Code=Digits8");
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
        Assert.Matches("^[0-9]{8}$", code);

        (await RedeemAsync(alice, code[..6])).Blames("oneTimeToken");
        (await RedeemAsync(alice, code[..4] + " " + code[4..])).IsOk();
    }

    [Fact]
    public async Task Base_32_is_read_without_case_and_with_letters_that_look_alike()
    {
        await using var server = await TestServer.StartAsync("Countersign:Tokens:Code=Base32");
        var alice = await server.UserWithAsync(BothKeys);

        // Codes are drawn: as many as it takes to have seen a 0, a 1 and a letter in one.
        var code = "";
        while (!(code.Contains('0') && code.Contains('1') && code.Any(char.IsAsciiLetter)))
        {
            code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);
            Assert.Matches("^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$", code);
        }

        (await RedeemAsync(alice, code[..8])).Blames("oneTimeToken");
        (await RedeemAsync(alice, code.Replace(code[0], 'U'))).Blames("oneTimeToken");
        (await RedeemAsync(alice, code.Replace(code[0], '\u017f'))).Blames("oneTimeToken");
        var typed = code.ToLowerInvariant().Replace('0', 'o');
        typed = typed[..typed.IndexOf('1', StringComparison.Ordinal)] + 'l' + typed[(typed.IndexOf('1', StringComparison.Ordinal) + 1)..].Replace('1', 'I');
        (await RedeemAsync(alice, typed.Replace("-", " ", StringComparison.Ordinal))).IsOk();
    }

    [Fact]
    public async Task A_letter_that_looks_like_a_digit_is_read_as_it()
    {
        await using var server = await TestServer.StartAsync("Countersign:Tokens:Code=Base32");

        foreach (var (digit, letter) in new[] { ('0', 'O'), ('0', 'o'), ('1', 'I'), ('1', 'i'), ('1', 'L'), ('1', 'l') })
        {
            var email = $"user{(int)letter}@example.com";
            var user = await server.UserWithAsync(new { email, phoneNumber = $"+49151000{(int)letter:000}" }, $"user{(int)letter}");
            var code = "";
            while (!code.Contains(digit, StringComparison.Ordinal))
                code = await user.CodeAsync("userKeys/removing?keyType=EMAIL", email);
            (await RedeemAsync(user, code.Replace(digit, letter))).IsOk();
        }
    }

    [Fact]
    [Trait("ASVS", "6.5.5")]
    public async Task The_strict_profile_has_ten_minutes_eight_digits_and_assigned_numbers()
    {
        await using var server = await StartWithClockAsync("Countersign:Profile=Strict");
        var alice = await server.UserWithAsync(new { email = Email, phoneNumber = "+4915112345678" });

        var issued = (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();
        Assert.Equal("10min.", issued.Body.Text("expiration"));
        Assert.Equal(Start.AddMinutes(10), issued.Body.Time("expiresAt"));
        Assert.Matches("^[0-9]{8}$", await alice.CodeOfAsync(issued, Email));
        (await RedeemAsync(alice, "123456")).Blames("oneTimeToken");
        (await server.User("bob").IssueAsync("userKeys/adding/phoneNumber", new { newPhoneNumber = "+123456789" })).Blames("newPhoneNumber");
    }

    [Fact]
    public async Task Codes_and_references_are_drawn_anew_each_time()
    {
        await using var server = await TestServer.StartAsync("Countersign:Tokens:Code=Base32");
        var alice = await server.UserWithAsync(BothKeys);
        var codes = new HashSet<string>();
        var references = new HashSet<string>();
        for (var i = 0; i < 40; i++)
        {
            var issued = (await alice.IssueAsync("userKeys/removing?keyType=EMAIL")).IsOk();
            references.Add(issued.Body.Text("reference")!);
        }

        var deadline = Environment.TickCount64 + 10_000;
        while (codes.Count < 40 && Environment.TickCount64 < deadline)
            codes = [.. (await server.InboxAsync(Email)).Select(item => item.OneTimeToken!)];
        Assert.Equal(40, codes.Count);
        // Of 39,304 references two may be equal; not many.
        Assert.InRange(references.Count, 37, 40);
    }

    static Task<Answer> RedeemAsync(TestUser user, string oneTimeToken) =>
        user.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken });
}
