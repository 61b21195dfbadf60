using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class ReplayTests
{
    static readonly string[] Operations =
    [
        "userKeys/adding EMAIL", "userKeys/adding PHONE_NUMBER", "userKeys/changing EMAIL", "userKeys/changing PHONE_NUMBER",
        "userKeys/changing/newKey EMAIL", "userKeys/changing/newKey PHONE_NUMBER", "userKeys/removing EMAIL", "userKeys/removing PHONE_NUMBER",
        "antiPhishing/adding", "antiPhishing/changing", "mfa/enabling EMAIL", "mfa/enabling PHONE_NUMBER", "mfa/disabling EMAIL",
        "mfa/disabling PHONE_NUMBER",
    ];

    [Fact]
    [Trait("ASVS", "2.3.1")]
    [Trait("ASVS", "6.6.2")]
    [Trait("ASVS", "8.2.2")]
    [Trait("Attack", "5")]
    public async Task A_token_redeems_for_its_own_user_operation_step_and_key_type_and_for_nothing_else()
    {
        await using var server = await TestServer.StartAsync(
            "Countersign:Tokens:Code=Base32", "Countersign:Limits:WrongTriesPerToken=100", "Countersign:Limits:WrongTriesPerDay=10000");
        var alice = new Person(server, "alice", "alice@example.com", "+4915100000001");
        var bob = new Person(server, "bob", "bob@example.com", "+4915100000002");
        foreach (var person in new[] { alice, bob })
            await person.IssueAllAsync();
        Assert.Equal(28, alice.Codes.Values.Concat(bob.Codes.Values).Distinct().Count());

        var refused = 0;
        foreach (var (redeemer, operation) in Pairs(alice, bob))
        {
            foreach (var (owner, other) in Pairs(alice, bob).Where(pair => pair != (redeemer, operation)))
            {
                (await redeemer.RedeemAsync(operation, owner.Codes[other])).IsRefused(422, "token-invalid");
                refused++;
            }
        }

        Assert.Equal(28 * 27, refused);
        // All of them are live: what refuses now is a guard, or nothing.
        foreach (var (person, operation) in Pairs(alice, bob))
        {
            var answer = await person.RedeemAsync(operation, person.Codes[operation]);
            Assert.Equal(Expected(operation), answer.Status == 200 ? "done" : answer.IsRefused(409, answer.Code!).Code);
        }
    }

    static IEnumerable<(Person Person, string Operation)> Pairs(params Person[] people) =>
        people.SelectMany(person => Operations.Select(operation => (person, operation)));

    static string Expected(string operation) => operation.Split(' ')[0] switch
    {
        "userKeys/adding" => "key-exists",
        "antiPhishing/adding" => "anti-phishing-exists",
        "antiPhishing/changing" or "mfa/disabling" => "done",
        _ => "mfa-enabled",
    };

    /// <summary>Somebody with a token pending for every operation there is.</summary>
    sealed class Person(TestServer server, string userId, string email, string phoneNumber)
    {
        readonly TestUser user = server.User(userId);

        public Dictionary<string, string> Codes { get; } = [];

        /// <summary>What one state of the account forbids another allows: the platform changes it in between.</summary>
        public async Task IssueAllAsync()
        {
            (await server.PutAccountAsync(userId, new { })).IsOk(201);
            Codes["userKeys/adding EMAIL"] = await CodeAsync("userKeys/adding/email", "shared@example.org", new { newEmail = "shared@example.org" });
            Codes["userKeys/adding PHONE_NUMBER"] = await CodeAsync("userKeys/adding/phoneNumber", "+4915199999999", new { newPhoneNumber = "+4915199999999" });

            (await server.PutAccountAsync(userId, new { email, phoneNumber })).IsOk();
            foreach (var (keyType, current, newKey) in new[] { ("EMAIL", email, "new@example.org"), ("PHONE_NUMBER", phoneNumber, "+4915188888888") })
            {
                Codes[$"userKeys/changing/newKey {keyType}"] = await user.NewKeyCodeAsync(keyType, current, newKey);
                Codes[$"userKeys/changing {keyType}"] = await CodeAsync("userKeys/changing", current, new { keyType });
                Codes[$"userKeys/removing {keyType}"] = await CodeAsync("userKeys/removing", current, new { keyType });
                Codes[$"mfa/enabling {keyType}"] = await CodeAsync("mfa/enabling", current, new { destination = keyType });
            }

            Codes["antiPhishing/adding"] = await CodeAsync("antiPhishing/adding", email);

            (await server.PutAccountAsync(
                userId, new { email, phoneNumber, mfa = new { email = true, phoneNumber = true }, antiPhishingCode = "blue4sky" })).IsOk();
            Codes["antiPhishing/changing"] = await CodeAsync("antiPhishing/changing", email);
            Codes["mfa/disabling EMAIL"] = await CodeAsync("mfa/disabling", email, new { destination = "EMAIL" });
            Codes["mfa/disabling PHONE_NUMBER"] = await CodeAsync("mfa/disabling", phoneNumber, new { destination = "PHONE_NUMBER" });
            Assert.Equal(Operations, (await user.AccountAsync()).Pending());
        }

        public Task<Answer> RedeemAsync(string operation, string oneTimeToken)
        {
            var parts = operation.Split(' ');
            var keyType = parts.Length == 2 ? parts[1] : null;
            return parts[0] switch
            {
                "userKeys/adding" => user.RedeemAsync(keyType == "EMAIL" ? "userKeys/adding/email" : "userKeys/adding/phoneNumber", new { oneTimeToken }),
                "userKeys/changing" => user.IssueAsync(
                    "userKeys/changing/newKey", new { oneTimeToken, newUserKey = keyType == "EMAIL" ? "next@example.org" : "+4915177777777" }),
                "userKeys/changing/newKey" => user.RedeemAsync("userKeys/changing", new { keyType, oneTimeToken }),
                "userKeys/removing" => user.RedeemAsync("userKeys/removing", new { keyType, oneTimeToken }),
                "antiPhishing/adding" or "antiPhishing/changing" => user.RedeemAsync(parts[0], new { oneTimeToken, antiPhishingCode = "green7" }),
                _ => user.RedeemAsync(parts[0], new { destination = keyType, oneTimeToken }),
            };
        }

        Task<string> CodeAsync(string path, string destination, object? body = null) => user.CodeAsync(path, destination, body);
    }
}
