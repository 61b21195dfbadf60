using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Support;

namespace Countersign.Tests.Stores;

/// <summary>What is counted of what happens, in every database. Nothing is counted twice, and nothing is left out.</summary>
static class ActivityChecks
{
    static readonly CancellationToken Ct = CancellationToken.None;
    static readonly Purpose AddingNumber = new(Operation.AddingKey, KeyType.PhoneNumber);
    static readonly string[] Prices =
    [
        "Countersign:Delivery:SmsPrices:Currency=EUR", "Countersign:Delivery:SmsPrices:Default=0.05",
        "Countersign:Delivery:SmsPrices:Countries:0:Country=DE", "Countersign:Delivery:SmsPrices:Countries:0:Price=0.0745",
    ];

    public static async Task What_has_happened_is_counted_by_the_hour(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Settings = Prices });
        var start = node.Clock.Now;
        await LiveAsync(node, "alice", "DE");
        node.Clock.Advance(TimeSpan.FromMinutes(30));
        await LiveAsync(node, "bob", "AT");
        await CountAllAsync(node);
        // In the next hour, a message that took a while and one that dies.
        node.Clock.Advance(start.AddHours(1) - node.Clock.Now);
        await node.PutAsync("carol", new AccountProfile { Email = Sample.Email("carol@example.com") });
        await node.CodeAsync("carol", Operation.ChangingKey, KeyType.Email);
        await node.CodeAsync("carol", Operation.EnablingMfa, KeyType.Email);
        var messages = (await node.QueuedAsync()).Where(message => message.UserId == "carol").ToList();
        node.Clock.Advance(TimeSpan.FromSeconds(8));
        await node.Outbox.FinishAsync("carol", messages[0].Id, SendResult.Accepted, node.Clock.Now);
        await node.Outbox.BuryAsync("carol", messages[1].Id, "no such mailbox", null, node.Clock.Now, Ct);
        // What an operator could not do was not refused to a user.
        Assert.Equal(SupportStatus.NotLocked, await node.Support.UnlockAsync(new Caller("olga"), "carol", AddingNumber, "ticket 4711", Ct));
        await CountAllAsync(node);

        var report = await node.Figures.ReadAsync(start.AddMinutes(59), start.AddHours(2.5), Ct);

        Assert.Equal("EUR", report.Currency);
        Assert.Equal(start.AddHours(1).AddMinutes(20), report.CountedUntil);
        Assert.Equal([start, start.AddHours(1), start.AddHours(2)], report.Hours.Select(hour => hour.Start));
        Assert.Equal(
            [
                new ActivityHour(start, 2, 2, 4, 0, 2, 0, null, Seconds(0.35, 0.485), 0.0745m + (2 * 0.05m)),
                new ActivityHour(start.AddHours(1), 2, 0, 0, 1, 0, 1, Seconds(7.5, 9.75), null, 0m),
                new ActivityHour(start.AddHours(2), 0, 0, 0, 0, 0, 0, null, null, 0m),
            ],
            report.Hours);
        Assert.Equal([0L, 0L], (await node.Figures.ReadAsync(start.AddHours(-2), start, Ct)).Hours.Select(hour => hour.Issued));
    }

    public static async Task What_is_counted_once_is_not_counted_again(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var start = node.Clock.Now;
        await LiveAsync(node, "alice", "DE");
        Assert.False(await node.Activity.CountAsync(node.Clock.Now, Ct));
        Assert.Equal(0, (await HourAsync(node, start)).Issued);

        node.Clock.Advance(TimeSpan.FromMinutes(3));
        for (var i = 0; i < 3; i++)
            Assert.False(await node.Activity.CountAsync(node.Clock.Now, Ct));
        Assert.Equal((1L, 1L, 2L, 1L), Totals(await HourAsync(node, start)));
        // Prices are not set: there is no spend, not even of nothing.
        Assert.Null((await HourAsync(node, start)).SmsSpend);
        Assert.Null((await node.Figures.ReadAsync(start, start.AddHours(1), Ct)).Currency);

        // What happens just before and just behind the place up to which it is counted.
        foreach (var user in (string[])["bob", "carol"])
        {
            await LiveAsync(node, user, "DE");
            node.Clock.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromMilliseconds(700));
        }

        node.Clock.Advance(TimeSpan.FromMinutes(1));
        await node.Activity.CountAsync(node.Clock.Now, Ct);
        Assert.Equal((2L, 2L, 4L, 2L), Totals(await HourAsync(node, start)));
        node.Clock.Advance(TimeSpan.FromMinutes(1));
        await node.Activity.CountAsync(node.Clock.Now, Ct);
        Assert.Equal((3L, 3L, 6L, 3L), Totals(await HourAsync(node, start)));
    }

    public static async Task Of_nodes_that_count_at_once_one_does(TestDatabase database)
    {
        var clock = new TestClock();
        await using var first = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        await using var second = await StoreNode.CreateAsync(database, new StoreNode.Setup { Clock = clock });
        var start = clock.Now;
        await LiveAsync(first, "alice", "DE");
        clock.Advance(TimeSpan.FromMinutes(3));

        // Both have seen up to when it is counted before either moves that on.
        using var haveLooked = new Barrier(2);
        foreach (var node in (StoreNode[])[first, second])
        {
            node.Engine.Before = text => Assert.True(text != ActivitySql.MoveOn || haveLooked.SignalAndWait(TimeSpan.FromSeconds(20)));
        }

        await Task.WhenAll(((StoreNode[])[first, second]).Select(node => Task.Run(() => node.Activity.CountAsync(clock.Now, Ct))));
        Assert.Equal((1L, 1L, 2L, 1L), Totals(await HourAsync(first, start)));
        Assert.Equal(1m, await CountryAsync(first));
    }

    public static async Task Who_has_fallen_behind_catches_up_in_steps(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var start = node.Clock.Now;
        await LiveAsync(node, "alice", "DE");
        node.Clock.Advance(TimeSpan.FromHours(5));
        await LiveAsync(node, "bob", "DE");
        node.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(start, (await node.Figures.ReadAsync(start, start.AddHours(1), Ct)).CountedUntil);

        // Hours in which nothing has happened are no steps.
        Assert.True(await node.Activity.CountAsync(node.Clock.Now, Ct));
        Assert.Equal(start.AddHours(5), Whole((await node.Figures.ReadAsync(start, start.AddHours(1), Ct)).CountedUntil));
        Assert.True(await node.Activity.CountAsync(node.Clock.Now, Ct));
        node.Engine.Clear();
        Assert.False(await node.Activity.CountAsync(node.Clock.Now, Ct));
        Assert.Equal(0, node.Engine.Count(ActivitySql.MoveOn));
        Assert.Equal([1L, 0L, 0L, 0L, 0L, 1L], (await node.Figures.ReadAsync(start, start.AddHours(6), Ct)).Hours.Select(hour => hour.Issued));
    }

    public static async Task What_was_counted_long_ago_is_forgotten_and_nothing_else(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database);
        var start = node.Clock.Now;
        await LiveAsync(node, "alice", "DE");
        await CountAllAsync(node);
        node.Clock.Advance(start.AddDays(799) - node.Clock.Now);
        await LiveAsync(node, "bob", "DE");
        await CountAllAsync(node);

        Assert.False(await node.Activity.ForgetAsync(start.AddDays(800), Ct));
        Assert.True(await node.Activity.ForgetAsync(start.AddDays(800).AddMilliseconds(1), Ct));
        Assert.False(await node.Activity.ForgetAsync(start.AddDays(800).AddMilliseconds(1), Ct));
        Assert.Equal(0, (await HourAsync(node, start)).Issued);
        Assert.Equal(1, (await HourAsync(node, start.AddDays(799))).Issued);
    }

    public static async Task A_node_counts_every_minute_and_keeps_the_country_of_an_SMS(TestDatabase database)
    {
        await using var node = await StoreNode.CreateAsync(database, new StoreNode.Setup { Settings = Prices });
        var start = node.Clock.Now;
        await node.PutAsync("alice", new AccountProfile { Email = Sample.Email("alice@example.com") });
        await node.StartAsync();
        await node.Security.IssueAsync(new Caller("alice"), "alice", AddingNumber, Sample.Number("+4915112345678"), Ct);
        await Eventually.ThatAsync(async () => (await node.OutboxAsync())[0].State == OutboxState.Sent, "the SMS is sent");

        await node.PollAsync(TimeSpan.FromMinutes(3));
        await Eventually.ThatAsync(async () => (await HourAsync(node, start)).Issued == 1, "it is counted");
        var hour = await HourAsync(node, start);
        Assert.Equal((1L, 0.0745m), (hour.SmsSent, hour.SmsSpend));
    }

    /// <summary>A token that is issued, sent by SMS within 700 ms, guessed and redeemed, and a request that is refused.</summary>
    static async Task LiveAsync(StoreNode node, string user, string country)
    {
        var by = new Caller(user);
        var number = Sample.Number($"+49151{string.Concat(user.Select(c => c % 10)).PadRight(8, '1')[..8]}");
        await node.PutAsync(user, new AccountProfile { Email = Sample.Email($"{user}@example.com") });
        var code = await node.CodeAsync(user, Operation.AddingKey, KeyType.PhoneNumber, number);
        await node.Security.RedeemAsync(by, user, AddingNumber, Sample.WrongCode(code), null, Ct);
        await node.Security.ResendAsync(by, user, new Purpose(Operation.RemovingKey, KeyType.Email), Ct);
        var message = (await node.QueuedAsync()).Single(message => message.UserId == user);
        node.Clock.Advance(TimeSpan.FromMilliseconds(400));
        await node.Outbox.FinishAsync(user, message.Id, SendResult.Accepted with { Country = country, Segments = country == "AT" ? 2 : 1 }, node.Clock.Now);
        await node.Security.RedeemAsync(by, user, AddingNumber, code, null, Ct);
        // The notices of it are no part of what is counted here.
        await node.ExecuteAsync("UPDATE outbox SET state = 'WITHDRAWN', finished_at = NULL WHERE state = 'QUEUED'");
        node.Clock.Advance(TimeSpan.FromMilliseconds(300));
    }

    /// <summary>Long enough after what has happened.</summary>
    static async Task CountAllAsync(StoreNode node)
    {
        node.Clock.Advance(TimeSpan.FromMinutes(20) - TimeSpan.FromTicks(node.Clock.Now.Ticks % TimeSpan.TicksPerMinute));
        node.Clock.Advance(TimeSpan.FromMinutes(2));
        while (await node.Activity.CountAsync(node.Clock.Now, Ct))
        {
        }
    }

    static async Task<ActivityHour> HourAsync(StoreNode node, DateTimeOffset at) =>
        Assert.Single((await node.Figures.ReadAsync(at, at.AddMilliseconds(1), Ct)).Hours);

    static async Task<decimal> CountryAsync(StoreNode node) =>
        Assert.Single(await node.ReadAsync("SELECT total FROM activity WHERE measure = 'sms_country' AND detail = 'DE'", reader => reader.GetInt64(0)));

    static (long, long, long, long) Totals(ActivityHour hour) => (hour.Issued, hour.Redeemed, hour.Refused, hour.SmsSent);

    static DateTimeOffset Whole(DateTimeOffset at) => new(at.Ticks - (at.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero);

    static DeliveryTime Seconds(double median, double percentile95) => new(TimeSpan.FromSeconds(median), TimeSpan.FromSeconds(percentile95));
}
