using System.Text.Json;
using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite;

/// <summary>
/// The owner of one account, who does with it whatever the contract allows and some of what it does not, often several things at once and at several
/// nodes. Another one may be at the same account at the same time.
/// </summary>
sealed class Owner(Cluster cluster, History history, Sink sink, Tally tally, Household household)
{
    static readonly TimeSpan MaxPatience = TimeSpan.FromSeconds(4);
    static readonly TimeSpan CodeWithin = TimeSpan.FromSeconds(4);

    /// <summary>One owner does several things at once. What comes out does not depend on it alone, so that a seed would promise too much.</summary>
    readonly Random random = Random.Shared;

    /// <summary>Codes that were of use once.</summary>
    readonly List<(Purpose Purpose, HandedOver Message)> old = [];

    /// <summary>Makes the account; again, as long as it is not known to be there.</summary>
    public async Task OpenAsync()
    {
        var call = NewCall(Step.Provision, null) with { NewKey = household.FirstEmail };
        var (path, body) = ($"/api/v1/admin/accounts/{household.UserId}", new { email = household.FirstEmail });
        while (!(await SendAsync(call, AnyNode(), HttpMethod.Put, path, body, Cluster.Bearer("platform", "countersign.accounts"))).IsAcknowledged)
        {
            // Where nobody listens this must not take all of the machine.
            await Task.Delay(20);
            call = call with { Id = history.NextId() };
        }
    }

    public async Task ActAsync()
    {
        if (await LookAsync() is not { } account)
            return;

        if (old.Count > 0 && random.Next(5) == 0)
        {
            var (purpose, message) = old[random.Next(old.Count)];
            await RedeemAsync(purpose, message, AnyNode());
        }

        await StartAsync(account.Draw(random));
    }

    async Task StartAsync(Purpose purpose)
    {
        tally.Count(purpose.Operation.Name());
        var newKey = purpose.Operation == Operation.AddingKey ? household.NewKey(purpose.KeyType!.Value, random) : null;
        if (newKey is not null && random.Next(4) == 0)
        {
            // Two at once, of which the later target counts.
            var other = household.NewKey(purpose.KeyType!.Value, random);
            var both = await Task.WhenAll(IssueAsync(purpose, newKey), IssueAsync(purpose, other));
            tally.CountRace();
            await Task.WhenAll(both.Select(call => FinishAsync(purpose, call)));
            return;
        }

        await FinishAsync(purpose, await IssueAsync(purpose, newKey));
    }

    async Task FinishAsync(Purpose purpose, Call issued)
    {
        if (await CodeAsync(issued) is not { } message)
            return;

        if (random.Next(3) == 0)
            await GuessAsync(purpose);
        if (purpose.Operation == Operation.ChangingKey)
        {
            var second = purpose with { Operation = Operation.ChangingNewKey };
            foreach (var call in (await TakeSecondStepAsync(second, message)).Where(call => call.IsAcknowledged).Take(1))
                await FinishAsync(second, call);
            return;
        }

        await UseAsync(purpose, message);
        old.Add((purpose, message));
    }

    /// <summary>Each with a new key of its own: at most one of them gets a code.</summary>
    async Task<Call[]> TakeSecondStepAsync(Purpose second, HandedOver message)
    {
        var calls = await BurstAsync(random.Next(3) == 0 ? random.Next(2, 5) : 1, node =>
        {
            var newKey = household.NewKey(second.KeyType!.Value, random);
            return SendAsync(
                NewCall(Step.SecondStep, second) with { NewKey = newKey, Token = message.Id }, node, Requests.SecondStep(message.Code!, newKey));
        });
        return calls;
    }

    Task UseAsync(Purpose purpose, HandedOver message) => random.Next(10) switch
    {
        < 3 => RedeemAsync(purpose, message, AnyNode()),
        < 6 => BurstAsync(random.Next(2, 7), node => RedeemAsync(purpose, message, node)),
        6 => UseTwinsAsync(purpose, message),
        7 => Task.WhenAll(RedeemAsync(purpose, message, AnyNode()), CancelAsync(purpose)),
        8 => UseLateAsync(purpose, message),
        // Left to expire, or to be issued for something else.
        _ => Task.CompletedTask,
    };

    /// <summary>The code that came first and the one that was asked for again, at once.</summary>
    async Task UseTwinsAsync(Purpose purpose, HandedOver message)
    {
        var twin = await CodeAsync(await SendAsync(NewCall(Step.Resend, purpose), AnyNode(), Requests.Resend(purpose)));
        tally.CountRace();
        await Task.WhenAll(RedeemAsync(purpose, message, AnyNode()), twin is null ? Task.CompletedTask : RedeemAsync(purpose, twin, AnyNode()));
        if (twin is not null)
            old.Add((purpose, twin));
    }

    /// <summary>About when the short-lived ones expire.</summary>
    async Task UseLateAsync(Purpose purpose, HandedOver message)
    {
        if (purpose.Operation == Operation.EnablingMfa)
            await Task.Delay(random.Next(1_500, 2_500));
        await BurstAsync(2, node => RedeemAsync(purpose, message, node));
    }

    /// <summary>More at once than are allowed, now and then.</summary>
    Task<Call[]> GuessAsync(Purpose purpose)
    {
        var redeemed = purpose.Operation == Operation.ChangingKey ? purpose with { Operation = Operation.ChangingNewKey } : purpose;
        return BurstAsync(random.Next(1, 9), node =>
        {
            var code = string.Concat(random.GetItems<char>("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 8));
            if (purpose.Operation != Operation.ChangingKey)
                return SendAsync(NewCall(Step.Redeem, redeemed), node, Requests.Redeem(redeemed, code));
            var newKey = household.NewKey(purpose.KeyType!.Value, random);
            return SendAsync(NewCall(Step.SecondStep, redeemed) with { NewKey = newKey }, node, Requests.SecondStep(code, newKey));
        });
    }

    async Task<Call[]> BurstAsync(int count, Func<int, Task<Call>> send)
    {
        if (count > 1)
            tally.CountRace();
        var first = AnyNode();
        return await Task.WhenAll(Enumerable.Range(first, count).Select(number => send(number % Cluster.Size)).ToList());
    }

    Task<Call> IssueAsync(Purpose purpose, string? newKey) =>
        SendAsync(NewCall(Step.Issue, purpose) with { NewKey = newKey }, AnyNode(), Requests.Issue(purpose, newKey));

    Task<Call> RedeemAsync(Purpose purpose, HandedOver message, int node) =>
        SendAsync(NewCall(Step.Redeem, purpose) with { Token = message.Id }, node, Requests.Redeem(purpose, message.Code!));

    Task<Call> CancelAsync(Purpose purpose) => SendAsync(NewCall(Step.Cancel, purpose), AnyNode(), Requests.Cancel(purpose));

    /// <summary>The code of an answer. None comes where there was none, in place of a decoy, or when the node that was to send it is gone.</summary>
    async Task<HandedOver?> CodeAsync(Call issued) =>
        issued.IsAcknowledged ? await sink.TakeAsync(household.UserId, issued.Reference!, CodeWithin) : null;

    /// <summary>What the account is like now; null where nobody could say.</summary>
    async Task<AccountState?> LookAsync()
    {
        var (status, body, _) = await cluster.SendAsync(
            AnyNode(), HttpMethod.Get, "/api/v1/account", null, household.Bearer, "look", MaxPatience);
        return status == 200 ? AccountState.Of(body) : null;
    }

    Task<Call> SendAsync(Call call, int node, (string Path, object? Body) request) =>
        SendAsync(call, node, HttpMethod.Post, request.Path, request.Body, household.Bearer);

    async Task<Call> SendAsync(Call call, int node, HttpMethod method, string path, object? body, string bearer)
    {
        var patience = MaxPatience * (0.25 + (0.75 * random.NextDouble()));
        var sent = Moment.Now;
        var (status, answer, error) = await cluster.SendAsync(node, method, path, body, bearer, call.Id, patience);
        for (var other = 1; error == Cluster.NotSent && other < Cluster.Size; other++)
        {
            // As whatever balances the load of a service goes on to the next.
            node = (node + 1) % Cluster.Size;
            sent = Moment.Now;
            (status, answer, error) = await cluster.SendAsync(node, method, path, body, bearer, call.Id, patience);
        }

        string? Text(string name) => answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty(name, out var value) ? value.GetString() : null;
        var ended = call with
        {
            Node = node,
            Sent = sent,
            Ended = Moment.Now,
            Status = status,
            Problem = Text("code"),
            Reference = Text("reference"),
            AttemptsRemaining = answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("attemptsRemaining", out var remaining) ? remaining.GetInt32() : null,
            Error = error,
        };
        history.Add(ended);
        return ended;
    }

    Call NewCall(Step step, Purpose? purpose) => new() { Id = history.NextId(), UserId = household.UserId, Step = step, Purpose = purpose };

    int AnyNode() => random.Next(Cluster.Size);
}
