using Countersign.Tests.Hosting;
using static Countersign.Tests.Http.Verbs;

namespace Countersign.Tests.Http;

public sealed class ConcurrencyTests
{
    [Fact]
    [Trait("ASVS", "2.3.4")]
    [Trait("ASVS", "6.5.1")]
    [Trait("Attack", "1")]
    public async Task Forty_tokens_with_64_parallel_redeems_each_are_redeemed_exactly_once_each()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:WrongTriesPerToken=100", "Countersign:Limits:WrongTriesPerDay=10000");
        var service = server.Service();
        var owners = new List<(TestUser User, string Code)>();
        for (var i = 0; i < 40; i++)
        {
            (await service.PutAsync($"/api/v1/admin/accounts/user{i}", new { email = $"user{i}@example.com", phoneNumber = $"+49151000000{i:00}" })).IsOk(201);
            var user = server.User($"user{i}");
            owners.Add((user, await user.CodeAsync("userKeys/removing?keyType=EMAIL", $"user{i}@example.com")));
        }

        // All of them at once: each has 63 rivals, and the writer has 39 other accounts.
        var racers = owners.SelectMany(owner => Enumerable.Range(0, 64).Select(_ => RedeemAsync(owner.User, owner.Code))).ToList();
        var answers = (await Task.WhenAll(racers)).Chunk(64).ToList();

        Assert.Equal(40, answers.Count);
        Assert.All(answers, race =>
        {
            Assert.Single(race, answer => answer.Status == 200);
            Assert.Equal(63, race.Count(answer => answer.Status == 422));
        });
        foreach (var (user, _) in owners)
        {
            var types = (await server.EventsAsync(user.UserId)).Select(entry => entry.Text("type")).ToList();
            Assert.Equal(1, types.Count(type => type == "user_key_removed"));
            Assert.Equal(1, types.Count(type => type == "token_redeemed"));
        }
    }

    [Fact]
    [Trait("ASVS", "6.3.1")]
    [Trait("ASVS", "6.6.3")]
    [Trait("Attack", "2")]
    public async Task Of_1000_parallel_wrong_guesses_exactly_five_are_evaluated()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => RedeemAsync(alice, Wrong(code))));

        var evaluated = answers.Where(answer => answer.Status == 422).ToList();
        Assert.Equal(5, evaluated.Count);
        Assert.Equal([0, 1, 2, 3, 4], evaluated.Select(answer => answer.AttemptsRemaining!.Value).Order());
        Assert.All(answers.Except(evaluated), answer => answer.IsRefused(429, "too-many-attempts"));
        Assert.Equal(5, (await server.EventsAsync("alice")).Count(entry => entry.Text("type") == "token_refused"));
        (await RedeemAsync(alice, code)).IsRefused(429, "too-many-attempts");
    }

    [Fact]
    [Trait("ASVS", "6.5.1")]
    [Trait("Attack", "1")]
    [Trait("Attack", "2")]
    public async Task The_right_code_among_parallel_wrong_ones_is_redeemed_once_at_most()
    {
        await using var server = await TestServer.StartAsync();
        var alice = await server.UserWithAsync(BothKeys);
        var code = await alice.CodeAsync("userKeys/removing?keyType=EMAIL", Email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => RedeemAsync(alice, i % 3 == 0 ? code : Wrong(code))));

        var successes = answers.Count(answer => answer.Status == 200);
        Assert.InRange(successes, 0, 1);
        Assert.InRange(answers.Count(answer => answer.AttemptsRemaining is not null), 0, 5);
        Assert.Equal(2 - successes, (await alice.AccountAsync()).Keys().Count());
    }

    [Fact]
    public async Task Sixty_four_parallel_first_calls_create_one_account()
    {
        await using var server = await TestServer.StartAsync();
        var bearer = server.BearerWith(new() { ["sub"] = "alice", ["email"] = Email, ["email_verified"] = true });

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => server.SendAsync("GET", "/api/v1/account", bearer)));

        Assert.All(answers, answer => Assert.Equal(["a***e@example.com"], answer.IsOk().Keys()));
        Assert.Equal(["account_provisioned"], (await server.EventsAsync("alice")).Select(entry => entry.Text("type")));
    }

    [Fact]
    public async Task Of_100_parallel_issues_exactly_five_are_sent_in_an_hour()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:IssuesPerHour=5");
        var alice = await server.UserWithAsync(BothKeys);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => alice.IssueAsync("userKeys/removing?keyType=EMAIL")));

        var issued = answers.Where(answer => answer.Status == 200).ToList();
        Assert.Equal(5, issued.Count);
        Assert.All(answers.Except(issued), answer => answer.IsRefused(429, "rate-limited"));
        foreach (var answer in issued)
            await alice.CodeOfAsync(answer, Email);
        Assert.Equal(5, (await server.InboxAsync()).Count);
    }

    [Fact]
    public async Task Parallel_first_steps_of_a_change_send_one_second_token_for_each_first()
    {
        await using var server = await TestServer.StartAsync("Countersign:Limits:WrongTriesPerToken=100", "Countersign:Limits:WrongTriesPerDay=10000");
        var alice = await server.UserWithAsync(BothKeys);
        var first = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Email);

        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i =>
            alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = first, newUserKey = $"new{i}@example.org" })));

        var issued = Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(31, answers.Count(answer => answer.Status == 422));
        Assert.Equal(issued.Body.Text("reference"), (await alice.AccountAsync()).PendingOperation("userKeys/changing/newKey").Text("reference"));
    }

    static Task<Answer> RedeemAsync(TestUser user, string oneTimeToken) =>
        user.RedeemAsync("userKeys/removing", new { keyType = "EMAIL", oneTimeToken });
}
