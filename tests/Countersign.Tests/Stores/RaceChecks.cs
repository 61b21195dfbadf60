using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>
/// What must hold whoever else is at it: all racers read before any of them may commit. Where two requests race, each of them gets to go
/// first.
/// </summary>
static class RaceChecks
{
    const int Racers = 64;

    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly EmailAddress AliceEmail = Sample.Email("alice@example.com");
    static readonly PhoneNumber AliceNumber = Sample.Number("+4915112345678");
    static readonly Purpose AddingNumber = new(Operation.AddingKey, KeyType.PhoneNumber);
    static readonly Purpose RemovingEmail = new(Operation.RemovingKey, KeyType.Email);
    static readonly Purpose EnablingMfa = new(Operation.EnablingMfa, KeyType.Email);
    static readonly Purpose ChangingEmail = new(Operation.ChangingKey, KeyType.Email);
    static readonly Purpose NewEmail = new(Operation.ChangingNewKey, KeyType.Email);

    /// <summary>On two nodes: what holds within a process has to hold between processes.</summary>
    public static async Task One_token_is_redeemed_once(TestDatabase database)
    {
        var setup = new StoreNode.Setup();
        await using var first = await StoreNode.CreateAsync(database, setup);
        await using var second = await StoreNode.CreateAsync(database, setup);
        await first.PutAsync("alice", new AccountProfile { Email = AliceEmail, PhoneNumber = AliceNumber });
        // What it guards claims no key, so that nothing but the version of the account stands between the racers.
        var code = await first.CodeAsync("alice", Operation.EnablingMfa, KeyType.Email);

        setup.Gate.Arm(reads: Racers);
        var outcomes = await RaceAsync(Racers, racer =>
            (racer % 2 == 0 ? first : second).Security.RedeemAsync(By($"racer-{racer}"), "alice", EnablingMfa, code, null, Ct));

        var winner = Assert.Single(outcomes, outcome => outcome.Value is not null);
        Assert.Equal([true, false], winner.Value!.UserKeys.Select(key => key.MfaEnabled));
        Assert.All(outcomes.Except([winner]), outcome => Assert.Equal(new Refused(Refusal.TokenInvalid, EnablingMfa), outcome.Refused));
        Assert.Equal(["account_provisioned", "token_issued", "token_redeemed", "mfa_enabled"], await first.EventsAsync("alice"));
        // One notice to each key, once.
        var notices = (await first.QueuedAsync()).Where(message => message.Content.Kind == MessageKind.MfaEnabled);
        Assert.Equal([AliceNumber.Value, AliceEmail.Value], notices.Select(notice => notice.Content.To).Order(StringComparer.Ordinal));
    }

    /// <summary>No lock holds up the others: they lose their round, look again, and find the answer of the one that won.</summary>
    public static async Task One_key_is_one_request(TestDatabase database)
    {
        var setup = new StoreNode.Setup();
        await using var first = await StoreNode.CreateAsync(database, setup);
        await using var second = await StoreNode.CreateAsync(database, setup);
        await first.PutAsync("alice", new AccountProfile { Email = AliceEmail });

        setup.Gate.Arm(reads: Racers);
        var answers = await RaceAsync(Racers, async racer =>
        {
            var request = Sample.Request("key");
            try
            {
                var by = By("alice") with { Request = request };
                await (racer % 2 == 0 ? first : second).Security.IssueAsync(by, "alice", ChangingEmail, null, Ct);
                return (IsOwn: true, Answer: request.Kept);
            }
            catch (RequestRepeatedException e)
            {
                return (IsOwn: false, e.Answer);
            }
        });

        Assert.Single(answers, answer => answer.IsOwn);
        Assert.All(answers, answer => Assert.Equal("Answer to key"u8.ToArray(), answer.Answer));
        Assert.Equal(["account_provisioned", "token_issued"], await first.EventsAsync("alice"));
        Assert.Single(await first.QueuedAsync());
    }

    public static async Task Parallel_guesses_cost_a_try_each(TestDatabase database)
    {
        var setup = new StoreNode.Setup();
        await using var node = await StoreNode.CreateAsync(database, setup);
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail });
        var code = await node.CodeAsync("alice", Operation.AddingKey, KeyType.PhoneNumber, AliceNumber);

        setup.Gate.Arm(reads: Racers);
        var outcomes = await RaceAsync(Racers, racer =>
            node.Security.RedeemAsync(By($"racer-{racer}"), "alice", AddingNumber, Sample.WrongCode(code), null, Ct));

        var evaluated = outcomes.Where(outcome => outcome.Refused!.Reason == Refusal.TokenInvalid).ToList();
        Assert.Equal([0, 1, 2, 3, 4], evaluated.Select(outcome => outcome.Refused!.AttemptsRemaining!.Value).Order());
        Assert.All(outcomes.Except(evaluated), outcome => Assert.Equal(Refusal.TooManyAttempts, outcome.Refused?.Reason));
        Assert.Equal(5, (await node.EventsAsync("alice")).Count(type => type == "token_refused"));

        var late = await node.Security.RedeemAsync(By("alice"), "alice", AddingNumber, code, null, Ct);
        Assert.Equal(Refusal.TooManyAttempts, late.Refused?.Reason);
    }

    public static async Task An_address_that_two_accounts_claim_goes_to_one(TestDatabase database)
    {
        foreach (var winner in Either("alice", "bob"))
        {
            var (loser, number) = (winner == "alice" ? "bob" : "alice", Sample.Number(winner == "alice" ? "+4915112345671" : "+4915112345672"));
            var setup = new StoreNode.Setup();
            await using var node = await StoreNode.CreateAsync(database, setup);
            var codes = new Dictionary<string, TokenCode>();
            foreach (var user in new[] { winner, loser })
            {
                await node.PutAsync($"{user}-{winner}", new AccountProfile { Email = Sample.Email($"{user}-{winner}@example.com") });
                codes[user] = await node.CodeAsync($"{user}-{winner}", Operation.AddingKey, KeyType.PhoneNumber, number);
            }

            setup.Gate.Arm(reads: 2, winner);
            var redeemed = await Task.WhenAll(
                new[] { winner, loser }.Select(user => node.Security.RedeemAsync(By(user), $"{user}-{winner}", AddingNumber, codes[user], null, Ct)));

            Assert.NotNull(redeemed[0].Value);
            Assert.Equal(new Refused(Refusal.KeyTaken, AddingNumber), redeemed[1].Refused);
            Assert.Equal($"{winner}-{winner}", await node.OwnerAsync(number));
            Assert.Null((await node.LoadAsync($"{loser}-{winner}")).PhoneNumber);
            Assert.Equal(["account_provisioned", "token_issued", "token_refused"], await node.EventsAsync($"{loser}-{winner}"));
        }
    }

    public static async Task An_address_that_the_platform_gives_to_two_accounts_goes_to_one(TestDatabase database)
    {
        var setup = new StoreNode.Setup();
        await using var node = await StoreNode.CreateAsync(database, setup);

        // Each loads its account and asks for the owner of the address.
        setup.Gate.Arm(reads: Racers * 2);
        var outcomes = await RaceAsync(Racers, racer =>
            node.Security.PutAsync(By("platform"), $"user-{racer}", new AccountProfile { Email = AliceEmail }, Ct));

        var winner = Assert.Single(outcomes, outcome => outcome.Value is not null);
        Assert.All(outcomes.Except([winner]), outcome => Assert.Equal(Refusal.KeyTaken, outcome.Refused?.Reason));
        Assert.Equal(winner.Value!.Account.UserId, await node.OwnerAsync(AliceEmail));
        Assert.Equal(1, await CountAsync(node, "accounts"));
    }

    public static async Task First_calls_at_once_create_one_account(TestDatabase database)
    {
        var setup = new StoreNode.Setup();
        await using var node = await StoreNode.CreateAsync(database, setup);

        // Each finds no account, looks again, and asks for the owner of the address.
        setup.Gate.Arm(reads: Racers * 3);
        var outcomes = await RaceAsync(Racers, racer =>
            node.Security.GetAsync(By("alice") with { Claims = new AccountProfile { Email = AliceEmail } }, "alice", Ct));

        Assert.All(outcomes, outcome => Assert.Equal(AliceEmail, Assert.Single(outcome.Value!.UserKeys).Address));
        Assert.Equal(["account_provisioned"], await node.EventsAsync("alice"));
    }

    public static async Task A_verified_claim_of_one_address_by_two_new_accounts_is_one_accounts_key(TestDatabase database)
    {
        foreach (var winner in Either("alice", "bob"))
        {
            var (loser, email) = (winner == "alice" ? "bob" : "alice", Sample.Email($"shared-{winner}@example.com"));
            var setup = new StoreNode.Setup();
            await using var node = await StoreNode.CreateAsync(database, setup);

            setup.Gate.Arm(reads: 2 * 3, winner);
            var outcomes = await Task.WhenAll(new[] { winner, loser }.Select(user =>
                node.Security.GetAsync(By(user) with { Claims = new AccountProfile { Email = email } }, $"{user}-{winner}", Ct)));

            Assert.Equal(email, Assert.Single(outcomes[0].Value!.UserKeys).Address);
            Assert.Empty(outcomes[1].Value!.UserKeys);
        }
    }

    public static async Task Of_two_changes_from_one_token_one_goes_on(TestDatabase database)
    {
        foreach (var winner in Either("a", "b"))
        {
            var setup = new StoreNode.Setup();
            await using var node = await StoreNode.CreateAsync(database, setup);
            var user = $"alice-{winner}";
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });
            var code = await node.CodeAsync(user, Operation.ChangingKey, KeyType.Email);

            setup.Gate.Arm(reads: 2, winner);
            string[] order = [winner, winner == "a" ? "b" : "a"];
            var issued = await Task.WhenAll(
                order.Select(target => node.Security.IssueForNewKeyAsync(By(target), user, Target(user, target), code, Ct)));

            Assert.Equal(Target(user, order[0]), issued[0].Value?.Destination);
            Assert.Equal(new Refused(Refusal.TokenInvalid, ChangingEmail), issued[1].Refused);
            Assert.DoesNotContain(await node.QueuedAsync(), message => message.Content.To == Target(user, order[1]).Value);

            var newCode = await node.CodeOfAsync(issued[0]);
            var redeemed = await node.Security.RedeemAsync(By(user), user, NewEmail, newCode, null, Ct);
            Assert.Equal([Target(user, order[0])], redeemed.Value?.UserKeys.Select(key => key.Address));
        }
    }

    /// <summary>Whatever the order, a code that went to one address never proves another.</summary>
    public static async Task A_new_target_and_the_code_of_the_old_one_do_not_mix(TestDatabase database)
    {
        foreach (var winner in Either("issue", "redeem"))
        {
            var setup = new StoreNode.Setup();
            await using var node = await StoreNode.CreateAsync(database, setup);
            var user = $"alice-{winner}";
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });
            var firstStep = await node.CodeAsync(user, Operation.ChangingKey, KeyType.Email);
            var codeOfA = await node.CodeOfAsync(await node.Security.IssueForNewKeyAsync(By(user), user, Target(user, "a"), firstStep, Ct));
            var again = await node.CodeAsync(user, Operation.ChangingKey, KeyType.Email);

            setup.Gate.Arm(reads: 2, winner);
            var issuing = node.Security.IssueForNewKeyAsync(By("issue"), user, Target(user, "b"), again, Ct);
            var redeeming = node.Security.RedeemAsync(By("redeem"), user, NewEmail, codeOfA, null, Ct);
            var (issued, redeemed) = (await issuing, await redeeming);

            if (winner == "issue")
            {
                Assert.Equal(Target(user, "b"), issued.Value?.Destination);
                Assert.Equal(Refusal.TokenInvalid, redeemed.Refused?.Reason);
                Assert.Equal(Sample.Email($"{user}@example.com"), (await node.LoadAsync(user)).Email?.Address);
            }
            else
            {
                // The key that the first step proved is gone, and its token with it.
                Assert.Equal(Refusal.TokenInvalid, issued.Refused?.Reason);
                Assert.Equal([Target(user, "a")], redeemed.Value?.UserKeys.Select(key => key.Address));
                Assert.Equal(Target(user, "a"), (await node.LoadAsync(user)).Email?.Address);
            }
        }
    }

    public static async Task Cancelling_and_redeeming_exclude_each_other(TestDatabase database)
    {
        foreach (var winner in Either("cancel", "redeem"))
        {
            var setup = new StoreNode.Setup();
            await using var node = await StoreNode.CreateAsync(database, setup);
            var user = $"alice-{winner}";
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });
            var number = Sample.Number(winner == "cancel" ? "+4915112345671" : "+4915112345672");
            var code = await node.CodeAsync(user, Operation.AddingKey, KeyType.PhoneNumber, number);

            setup.Gate.Arm(reads: 2, winner);
            var cancelling = node.Security.CancelAsync(By("cancel"), user, AddingNumber, Ct);
            var redeeming = node.Security.RedeemAsync(By("redeem"), user, AddingNumber, code, null, Ct);
            var (cancelled, redeemed) = (await cancelling, await redeeming);

            Assert.NotNull(cancelled.Value);
            var isAdded = (await node.LoadAsync(user)).PhoneNumber is not null;
            Assert.Equal(winner == "redeem", isAdded);
            Assert.Equal(winner == "redeem", redeemed.Value is not null);
            Assert.Equal(
                winner == "redeem"
                    ? ["account_provisioned", "token_issued", "token_redeemed", "user_key_added"]
                    : ["account_provisioned", "token_issued", "token_revoked"],
                await node.EventsAsync(user));
        }
    }

    public static async Task Parallel_issues_keep_the_limit_of_the_hour(TestDatabase database)
    {
        var setup = new StoreNode.Setup { Settings = ["Countersign:Limits:IssuesPerHour=5"] };
        await using var node = await StoreNode.CreateAsync(database, setup);
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail });

        setup.Gate.Arm(reads: Racers);
        var outcomes = await RaceAsync(Racers, racer => node.Security.IssueAsync(By($"racer-{racer}"), "alice", AddingNumber, AliceNumber, Ct));

        var issued = outcomes.Where(outcome => outcome.Value is not null).ToList();
        Assert.Equal(5, issued.Count);
        Assert.All(outcomes.Except(issued), outcome => Assert.Equal(Refusal.RateLimited, outcome.Refused?.Reason));
        Assert.Equal(5, (await node.OutboxAsync()).Count);

        // Of the five, the two that are pending can be redeemed, and one of them at that; the others are not even sent.
        var messages = (await node.QueuedAsync()).Select(message => message.Content).ToList();
        Assert.Equal(2, messages.Count);
        Assert.Subset(issued.Select(outcome => outcome.Value!.Reference).ToHashSet(), messages.Select(message => message.Reference!).ToHashSet());
        var pending = (await node.LoadAsync("alice")).State(AddingNumber).Pending!;
        var live = messages.Where(message =>
            node.Codes.Matches(pending.Newest, "alice", AddingNumber, AliceNumber, Sample.Code(message.Code!))
            || node.Codes.Matches(pending.Previous!, "alice", AddingNumber, AliceNumber, Sample.Code(message.Code!)));
        Assert.Equal(2, live.Count());
    }

    public static async Task Accounts_that_write_to_one_address_at_once_keep_its_limit(TestDatabase database)
    {
        var setup = new StoreNode.Setup { Settings = ["Countersign:Limits:Recipient:Sms:TenMinutes=3"] };
        await using var node = await StoreNode.CreateAsync(database, setup);
        foreach (var racer in Enumerable.Range(0, Racers))
            await node.PutAsync($"user-{racer}", new AccountProfile { Email = Sample.Email($"user-{racer}@example.com") });

        setup.Gate.Arm(reads: Racers);
        var outcomes = await RaceAsync(Racers, racer =>
            node.Security.IssueAsync(By($"racer-{racer}"), $"user-{racer}", AddingNumber, AliceNumber, Ct));

        // Nobody is told, and three are sent.
        Assert.All(outcomes, outcome => Assert.NotNull(outcome.Value));
        Assert.Equal(3, (await node.OutboxAsync()).Count);
    }

    public static async Task Parallel_issues_keep_the_pause_between_two(TestDatabase database)
    {
        var setup = new StoreNode.Setup { Settings = ["Countersign:Limits:ResendAfter:Sms=00:01:00"] };
        await using var node = await StoreNode.CreateAsync(database, setup);
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail });

        setup.Gate.Arm(reads: Racers);
        var outcomes = await RaceAsync(Racers, racer => node.Security.IssueAsync(By($"racer-{racer}"), "alice", AddingNumber, AliceNumber, Ct));

        var issued = Assert.Single(outcomes, outcome => outcome.Value is not null);
        Assert.All(
            outcomes.Except([issued]),
            outcome => Assert.Equal(new Refused(Refusal.RateLimited, AddingNumber, RetryAfter: TimeSpan.FromMinutes(1)), outcome.Refused));
        Assert.Single(await node.QueuedAsync());
    }

    public static async Task Enabling_MFA_and_removing_the_key_exclude_each_other(TestDatabase database)
    {
        foreach (var winner in Either("enable", "remove"))
        {
            var setup = new StoreNode.Setup();
            await using var node = await StoreNode.CreateAsync(database, setup);
            var user = $"alice-{winner}";
            var number = Sample.Number(winner == "enable" ? "+4915112345671" : "+4915112345672");
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com"), PhoneNumber = number });
            var enabling = await node.CodeAsync(user, Operation.EnablingMfa, KeyType.Email);
            var removing = await node.CodeAsync(user, Operation.RemovingKey, KeyType.Email);

            setup.Gate.Arm(reads: 2, winner);
            var enabled = node.Security.RedeemAsync(By("enable"), user, EnablingMfa, enabling, null, Ct);
            var removed = node.Security.RedeemAsync(By("remove"), user, RemovingEmail, removing, null, Ct);

            if (winner == "enable")
            {
                Assert.NotNull((await enabled).Value);
                Assert.Equal(new Refused(Refusal.MfaEnabled, RemovingEmail), (await removed).Refused);
                Assert.True((await node.LoadAsync(user)).Email?.MfaEnabled);
            }
            else
            {
                Assert.NotNull((await removed).Value);
                Assert.Equal(new Refused(Refusal.TokenInvalid, EnablingMfa), (await enabled).Refused);
                Assert.Null((await node.LoadAsync(user)).Email);
            }
        }
    }

    public static async Task The_platform_and_the_owner_change_an_account_one_after_the_other(TestDatabase database)
    {
        foreach (var winner in Either("platform", "owner"))
        {
            var setup = new StoreNode.Setup();
            await using var node = await StoreNode.CreateAsync(database, setup);
            var (user, replaced) = ($"alice-{winner}", Sample.Email($"new-{winner}@example.com"));
            var number = Sample.Number(winner == "platform" ? "+4915112345671" : "+4915112345672");
            await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com"), PhoneNumber = number });
            var code = await node.CodeAsync(user, Operation.RemovingKey, KeyType.Email);

            // One load of the owner's; one load and two questions for owners of the platform's.
            setup.Gate.Arm(reads: 4, winner);
            var putting = node.Security.PutAsync(By("platform"), user, new AccountProfile { Email = replaced, PhoneNumber = number }, Ct);
            var redeeming = node.Security.RedeemAsync(By("owner"), user, RemovingEmail, code, null, Ct);
            var (put, redeemed) = (await putting, await redeeming);

            Assert.Equal([replaced, number], put.Value?.Account.UserKeys.Select(key => key.Address));
            Assert.Equal([replaced, number], (await node.LoadAsync(user)).Keys.Select(key => key.Address));
            Assert.Equal(winner == "platform" ? Refusal.TokenInvalid : null, redeemed.Refused?.Reason);
            Assert.Equal(
                winner == "platform"
                    ? ["account_provisioned", "token_issued", "token_revoked", "user_key_changed"]
                    : ["account_provisioned", "token_issued", "token_redeemed", "user_key_removed", "user_key_added"],
                await node.EventsAsync(user));
        }
    }

    public static async Task An_erased_account_is_changed_by_nobody(TestDatabase database)
    {
        var setup = new StoreNode.Setup();
        await using var node = await StoreNode.CreateAsync(database, setup);
        await node.PutAsync("alice", new AccountProfile { Email = AliceEmail });
        var code = await node.CodeAsync("alice", Operation.AddingKey, KeyType.PhoneNumber, AliceNumber);

        setup.Gate.Arm(reads: Racers, "platform");
        var erasing = node.Security.EraseAsync(By("platform"), "alice", Ct);
        var outcomes = await RaceAsync(Racers - 1, racer =>
            node.Security.RedeemAsync(By($"racer-{racer}"), "alice", AddingNumber, code, null, Ct));

        Assert.NotNull((await erasing).Value);
        Assert.All(outcomes, outcome => Assert.Equal(Refusal.AccountNotFound, outcome.Refused?.Reason));
        Assert.Null(await node.LoadAsync("alice"));
        Assert.Null(await node.OwnerAsync(AliceNumber));
        Assert.Empty(await node.OutboxAsync());
    }

    static Task<T[]> RaceAsync<T>(int racers, Func<int, Task<T>> run) =>
        Task.WhenAll(Enumerable.Range(0, racers).Select(racer => Task.Run(() => run(racer))));

    static string[] Either(params string[] winners) => winners;

    static Caller By(string actor) => new(actor);

    static EmailAddress Target(string user, string name) => Sample.Email($"{user}-new-{name}@example.com");

    static async Task<long> CountAsync(StoreNode node, string table) =>
        Assert.Single(await node.ReadAsync($"SELECT COUNT(*) FROM {table}", reader => reader.GetInt64(0)));
}
