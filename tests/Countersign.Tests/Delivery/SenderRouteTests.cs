using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Faults;
using Countersign.Tests.Sms;
using Countersign.Tests.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Delivery;

public sealed class SenderRouteTests : IDisposable
{
    static readonly CancellationToken Ct = CancellationToken.None;

    readonly TestClock clock = new();
    readonly LogLines log = new();
    readonly List<IHost> hosts = [];

    [Fact]
    public async Task What_the_first_cannot_send_now_the_second_sends_within_the_same_try()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        var route = Route(first, second);
        first.Answer(new SendResult(SendStatus.Deferred, "busy"));
        second.Answer(SendResult.Accepted with { ProviderId = "SM1" });
        Assert.Equal(SendResult.Accepted with { Provider = "second", ProviderId = "SM1" }, await route.SendAsync(SmsHost.Message(), Ct));

        first.Behaviour = (_, _) => throw new IOException("The connection to +4915112345678 broke.");
        Assert.Equal("second", (await route.SendAsync(SmsHost.Message(), Ct)).Provider);
        Assert.Equal((2, 2), (first.Tries, second.Tries));
    }

    [Fact]
    public async Task What_nobody_can_send_now_says_why_of_each()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        first.Answer(new SendResult(SendStatus.Deferred, "busy"));
        second.Behaviour = (_, _) => throw new IOException("The connection to +4915112345678 broke.");
        Assert.Equal(
            new SendResult(SendStatus.Deferred, "first: busy; second: IOException"), await Route(first, second).SendAsync(SmsHost.Message(), Ct));
    }

    [Fact]
    public async Task What_one_refuses_for_good_is_refused()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        first.Answer(new SendResult(SendStatus.Rejected, "opted out"));
        Assert.Equal(
            new SendResult(SendStatus.Rejected, "opted out") { Provider = "first" }, await Route(first, second).SendAsync(SmsHost.Message(), Ct));
        Assert.Equal(0, second.Tries);
    }

    [Fact]
    public async Task A_sender_that_hangs_leaves_time_for_the_next()
    {
        var (first, second, third) = (new NamedSender("first"), new NamedSender("second"), new NamedSender("third"));
        first.Hang();
        second.Hang();
        var sending = Route(first, second, third).SendAsync(SmsHost.Message(), Ct);

        // A third of ten seconds, then half of the six that are left.
        await PassAsync(first, TimeSpan.FromSeconds(4));
        await PassAsync(second, TimeSpan.FromSeconds(3));
        Assert.Equal("third", (await sending).Provider);
        Assert.Equal((1, 1, 1), (first.Tries, second.Tries, third.Tries));
    }

    [Fact]
    public async Task A_sender_that_does_not_even_heed_its_cancellation_leaves_time_for_the_next()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        var never = new TaskCompletionSource<SendResult>();
        first.Behaviour = (_, _) => never.Task;
        var sending = Route(first, second).SendAsync(SmsHost.Message(), Ct);
        // With both its timers, so that moving the clock reaches them.
        await Eventually.ThatAsync(() => clock.Timers == 2, "the try is timed");
        await PassAsync(first, (SenderRoute.Limit / 2) + BoundedSends.Grace);
        Assert.Equal("second", (await sending).Provider);
        never.SetResult(SendResult.Accepted);
    }

    [Fact]
    public async Task The_last_to_hang_is_known_by_its_name()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        first.Hang();
        second.Hang();
        var sending = Route(first, second).SendAsync(SmsHost.Message(), Ct);
        await PassAsync(first, TimeSpan.FromSeconds(5));
        await PassAsync(second, TimeSpan.FromSeconds(5));
        Assert.Equal(new SendResult(SendStatus.Deferred, "first: timeout; second: timeout"), await sending);
    }

    [Fact]
    [Trait("ASVS", "16.5.2")]
    public async Task A_sender_that_keeps_failing_is_passed_over_until_a_probe_finds_it_well()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        var route = Route(first, second);
        first.Answer(new SendResult(SendStatus.Deferred, "busy"));
        await SendAsync(route, Circuit.FailuresToOpen - 1);
        Assert.Empty(log.Texts);
        await SendAsync(route, 1);
        Assert.Equal(["Sender first for PhoneNumber is passed over for a while, because it keeps failing: busy"], log.Texts);
        Assert.Equal(5, first.Tries);

        // Open: nobody asks it for half a minute.
        clock.Advance(Circuit.OpenFor - TimeSpan.FromMilliseconds(1));
        await SendAsync(route, 3);
        Assert.Equal((5, 8), (first.Tries, second.Tries));

        // A probe that fails, and half a minute more.
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await SendAsync(route, 3);
        Assert.Equal((6, 11), (first.Tries, second.Tries));
        clock.Advance(Circuit.OpenFor);
        first.Answer(SendResult.Accepted);
        Assert.Equal("first", (await route.SendAsync(SmsHost.Message(), Ct)).Provider);
        Assert.Equal("first", (await route.SendAsync(SmsHost.Message(), Ct)).Provider);
        Assert.Equal((8, 11), (first.Tries, second.Tries));
        Assert.Equal("Sender first for PhoneNumber works again.", Assert.Single(log.Texts.Skip(1)));
    }

    [Fact]
    public async Task Failures_that_are_not_in_a_row_open_nothing()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        var route = Route(first, second);
        for (var round = 0; round < 3; round++)
        {
            first.Answer(new SendResult(SendStatus.Deferred, "busy"));
            await SendAsync(route, Circuit.FailuresToOpen - 1);
            // To refuse a recipient is to work.
            first.Answer(round == 1 ? new SendResult(SendStatus.Rejected, "no mobile") : SendResult.Accepted);
            await SendAsync(route, 1);
        }

        Assert.Equal((15, 12), (first.Tries, second.Tries));
        Assert.Empty(log.Texts);
    }

    [Fact]
    public async Task One_probe_at_a_time_is_let_through()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        var route = Route(first, second);
        first.Answer(new SendResult(SendStatus.Deferred, "busy"));
        await SendAsync(route, Circuit.FailuresToOpen);
        clock.Advance(Circuit.OpenFor);

        var answer = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        first.Behaviour = (_, _) => answer.Task;
        var probe = route.SendAsync(SmsHost.Message(), Ct);
        await Eventually.ThatAsync(() => first.Tries == 6, "the probe has begun");
        await SendAsync(route, 10);
        Assert.Equal((6, 15), (first.Tries, second.Tries));
        answer.SetResult(SendResult.Accepted);
        Assert.Equal("first", (await probe).Provider);
    }

    [Fact]
    public async Task A_probe_that_is_cancelled_leaves_the_way_to_the_next()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        var route = Route(first, second);
        first.Answer(new SendResult(SendStatus.Deferred, "busy"));
        await SendAsync(route, Circuit.FailuresToOpen);
        clock.Advance(Circuit.OpenFor);

        first.Hang();
        using var stopping = new CancellationTokenSource();
        var probe = route.SendAsync(SmsHost.Message(), stopping.Token);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => probe);
        first.Answer(SendResult.Accepted);
        Assert.Equal("first", (await route.SendAsync(SmsHost.Message(), Ct)).Provider);
    }

    [Fact]
    public async Task Where_all_keep_failing_they_are_probed_rather_than_given_up()
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        var route = Route(first, second);
        first.Answer(new SendResult(SendStatus.Deferred, "busy"));
        second.Answer(new SendResult(SendStatus.Deferred, "busy"));
        await SendAsync(route, Circuit.FailuresToOpen);

        var answer = new TaskCompletionSource<SendResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        first.Behaviour = (_, _) => answer.Task;
        second.Behaviour = (_, _) => answer.Task;
        var probes = new[] { route.SendAsync(SmsHost.Message(), Ct), route.SendAsync(SmsHost.Message(), Ct) };
        await Eventually.ThatAsync(() => (first.Tries, second.Tries) == (6, 6), "both are probed");
        Assert.Equal(new SendResult(SendStatus.Deferred, "every sender is being probed"), await route.SendAsync(SmsHost.Message(), Ct));
        answer.SetResult(SendResult.Accepted);
        Assert.Equal(["first", "second"], (await Task.WhenAll(probes)).Select(result => result.Provider));
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(60, 60)]
    [InlineData(86_400, 300)]
    public async Task A_sender_that_says_when_to_come_back_is_left_alone_until_then(int asked, int granted)
    {
        var (first, second) = (new NamedSender("first"), new NamedSender("second"));
        var route = Route(first, second);
        first.Answer(new SendResult(SendStatus.Deferred, "too many") { RetryAfter = TimeSpan.FromSeconds(asked) });
        await SendAsync(route, 1);
        first.Answer(SendResult.Accepted);
        clock.Advance(TimeSpan.FromSeconds(granted) - TimeSpan.FromMilliseconds(1));
        await SendAsync(route, 1);
        Assert.Equal((1, 2), (first.Tries, second.Tries));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await SendAsync(route, 1);
        Assert.Equal((2, 2), (first.Tries, second.Tries));
    }

    [Fact]
    public async Task The_only_sender_of_a_channel_is_asked_every_time()
    {
        var only = new NamedSender("only");
        var route = Route(only);
        only.Answer(new SendResult(SendStatus.Deferred, "busy") { RetryAfter = TimeSpan.FromSeconds(9) });
        Assert.Equal(
            new SendResult(SendStatus.Deferred, "busy") { Provider = "only", RetryAfter = TimeSpan.FromSeconds(9) },
            await route.SendAsync(SmsHost.Message(), Ct));
        await SendAsync(route, 20);
        Assert.Equal(21, only.Tries);
        Assert.Empty(log.Texts);
    }

    [Fact]
    public async Task The_development_inbox_is_no_reserve()
    {
        var only = new NamedSender("only");
        only.Answer(new SendResult(SendStatus.Deferred, "busy"));
        var route = Routes(builder =>
        {
            // Would fail if it was asked: it has no store.
            builder.Services.AddSingleton<IMessageSender>(new DevelopmentInboxSender(KeyType.PhoneNumber, null!));
            builder.Services.AddSingleton<IMessageSender>(only);
        });
        Assert.Equal(new SendResult(SendStatus.Deferred, "busy") { Provider = "only" }, await route.SendAsync(SmsHost.Message(), Ct));
    }

    [Fact]
    public async Task A_channel_without_a_sender_keeps_its_messages()
    {
        var route = Routes(_ => { });
        Assert.Equal(new SendResult(SendStatus.Deferred, "no sender for this channel"), await route.SendAsync(SmsHost.Message(), Ct));
    }

    [Fact]
    public async Task Metrics_count_each_senders_tries_and_show_which_is_passed_over()
    {
        var name = $"first-{Guid.NewGuid():N}";
        var sums = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, meters) =>
            {
                if (instrument.Name.StartsWith("countersign.sender.", StringComparison.Ordinal))
                    meters.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (tags.ToArray().Any(tag => name.Equals(tag.Value)))
                sums.AddOrUpdate($"{instrument.Name} {string.Join(' ', tags.ToArray().Select(tag => tag.Value).Where(tag => !name.Equals(tag)))}", value, (_, sum) => sum + value);
        });
        listener.Start();

        var (first, second) = (new NamedSender(name), new NamedSender("second"));
        var route = Route(first, second);
        first.Answer(new SendResult(SendStatus.Deferred, "busy"));
        await SendAsync(route, Circuit.FailuresToOpen);
        Assert.Equal(5, sums["countersign.sender.tries PHONE_NUMBER deferred"]);
        Assert.Equal(1, sums["countersign.sender.circuit PHONE_NUMBER"]);

        clock.Advance(Circuit.OpenFor);
        first.Answer(SendResult.Accepted);
        await SendAsync(route, 2);
        Assert.Equal(2, sums["countersign.sender.tries PHONE_NUMBER accepted"]);
        Assert.Equal(0, sums["countersign.sender.circuit PHONE_NUMBER"]);
    }

    public void Dispose() => hosts.ForEach(host => host.Dispose());

    SenderRoutes Route(params IMessageSender[] senders) => Routes(builder =>
    {
        foreach (var sender in senders)
            builder.Services.AddSingleton(sender);
    });

    SenderRoutes Routes(Action<CountersignBuilder> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddProvider(log);
        builder.Services.AddSingleton<TimeProvider>(clock);
        add(builder.Services.AddCountersign());
        var host = builder.Build();
        hosts.Add(host);
        return host.Services.GetRequiredService<SenderRoutes>();
    }

    static async Task SendAsync(SenderRoutes route, int times)
    {
        for (var i = 0; i < times; i++)
            await route.SendAsync(SmsHost.Message(), Ct);
    }

    /// <summary>Lets time pass once a sender has been asked.</summary>
    async Task PassAsync(NamedSender sender, TimeSpan time)
    {
        await Eventually.ThatAsync(() => sender.Tries == 1, $"{sender.Name} is asked");
        clock.Advance(time);
    }

    sealed class NamedSender(string name) : IMessageSender
    {
        int tries;

        public KeyType Channel => KeyType.PhoneNumber;

        public string Name => name;

        public int Tries => Volatile.Read(ref tries);

        public Func<OutgoingMessage, CancellationToken, Task<SendResult>> Behaviour { get; set; } = (_, _) => Task.FromResult(SendResult.Accepted);

        public void Answer(SendResult result) => Behaviour = (_, _) => Task.FromResult(result);

        public void Hang() => Behaviour = async (_, ct) =>
        {
            await Task.Delay(Timeout.Infinite, ct);
            return SendResult.Accepted;
        };

        public Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
        {
            Interlocked.Increment(ref tries);
            return Behaviour(message, ct);
        }
    }
}
