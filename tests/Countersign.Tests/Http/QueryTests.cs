using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class QueryTests
{
    const string AddEmail = "/api/v1/token/userKeys/adding/email";
    const string AddPhone = "/api/v1/token/userKeys/adding/phoneNumber";

    [Fact]
    [Trait("ASVS", "1.1.1")]
    public async Task A_bare_plus_is_a_plus()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        foreach (var query in new[]
        {
            "newPhoneNumber=+123456789", "newPhoneNumber=%2B123456789", "newPhoneNumber=%2b1%20(234)%20567-89", "newPhone%4Eumber=+123456789",
            "other=1&newPhoneNumber=+123456789",
        })
            await alice.CodeAfterAsync(alice.PostAsync($"{AddPhone}?{query}"), "+123456789");
    }

    [Fact]
    public async Task A_plus_in_an_email_is_part_of_it()
    {
        await using var server = await TestServer.StartAsync();

        (await server.User().PostAsync($"{AddEmail}?newEmail=alice+tag@example.com")).IsOk();
        Assert.Equal("alice+tag@example.com", (await server.MessageAsync("alice+tag@example.com", _ => true)).Destination);
        (await server.User("bob").PostAsync($"{AddEmail}?newEmail=bob%2Btag%40example.com")).IsOk();
        Assert.Equal("bob+tag@example.com", (await server.MessageAsync("bob+tag@example.com", _ => true)).Destination);
    }

    [Fact]
    public async Task What_is_no_utf8_is_no_address()
    {
        await using var server = await TestServer.StartAsync();

        foreach (var half in new[] { "%ED%A0%80", "%FF", "a%C3" })
            (await server.User().PostAsync($"{AddEmail}?newEmail={half}@example.com")).Blames("newEmail");
    }

    [Fact]
    [Trait("ASVS", "15.3.7")]
    public async Task A_parameter_is_given_once()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var bob = server.User("bob");

        (await bob.PostAsync($"{AddEmail}?newEmail=a@example.com", new { newEmail = "a@example.com" })).Blames("newEmail");
        (await bob.PostAsync($"{AddEmail}?newEmail=a@example.com&newEmail=a@example.com")).Blames("newEmail");
        (await bob.PostAsync($"{AddEmail}?newEmail=a@example.com&newEmail=")).Blames("newEmail");
        (await bob.PostAsync($"{AddPhone}?newPhoneNumber=+123456789", new { newPhoneNumber = "+123456789" })).Blames("newPhoneNumber");
        foreach (var operation in new[] { "changing", "removing" })
        {
            (await alice.IssueAsync($"userKeys/{operation}?keyType=EMAIL", new { keyType = "EMAIL" })).Blames("keyType");
            (await alice.IssueAsync($"userKeys/{operation}?keyType=EMAIL&keyType=PHONE_NUMBER")).Blames("keyType");
            (await alice.IssueAsync($"userKeys/{operation}?keyType=EMAIL", "{}")).IsOk();
            (await alice.IssueAsync($"userKeys/{operation}", new { keyType = "PHONE_NUMBER" })).IsOk();
        }

        Assert.Empty((await bob.AccountAsync()).Pending());
    }

    [Fact]
    public async Task A_parameter_is_there_and_its_name_is_exact()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(new { email = Email });
        var bob = server.User("bob");

        (await bob.PostAsync(AddEmail)).Blames("newEmail");
        (await bob.PostAsync($"{AddEmail}?")).Blames("newEmail");
        (await bob.PostAsync($"{AddEmail}?newEmail")).Blames("newEmail");
        (await bob.PostAsync($"{AddEmail}?newEmail=")).Blames("newEmail");
        (await bob.PostAsync($"{AddEmail}?newemail=a@example.com")).Blames("newEmail");
        (await bob.PostAsync($"{AddEmail}?newPhoneNumber=+123456789")).Blames("newEmail");
        (await bob.PostAsync(AddEmail, new { newPhoneNumber = "+123456789" })).Blames("newPhoneNumber");
        foreach (var keyType in new[] { "", "email", "Email", "EMAIL%20", "PHONE", "PHONENUMBER", "0", "EMAIL,PHONE_NUMBER" })
            (await alice.IssueAsync($"userKeys/changing?keyType={keyType}")).Blames("keyType");
        (await alice.IssueAsync("userKeys/changing")).Blames("keyType");
        (await alice.IssueAsync("userKeys/removing")).Blames("keyType");
    }

    [Fact]
    public async Task What_is_no_text_is_no_address()
    {
        await using var server = await TestServer.StartAsync();
        var alice = server.User();

        foreach (var value in new[] { "%00", "a%00@example.com", "%C3%A4@example.com", "%ED%A0%80", "a@%FF.example.com", "%0D%0ABcc:x@example.com", "a@example.com%E2%80%A8" })
            (await alice.PostAsync($"{AddEmail}?newEmail={value}")).Blames("newEmail");
    }
}
