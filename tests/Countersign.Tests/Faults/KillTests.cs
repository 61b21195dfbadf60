using System.Diagnostics;
using Countersign.Tests.Docs;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Faults;

/// <summary>The server, killed under load and started again on the same file, several times over.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    const int Kills = 3;
    const int CustomersPerRound = 16;

    /// <summary>Acknowledged requests until the kill.</summary>
    const int LoadPerRound = 200;

    /// <summary>The lease of the dead process, and a second each for looking and for sending, on a busy machine.</summary>
    static readonly TimeSpan DeliveryWithin = TimeSpan.FromSeconds(45);

    static readonly string[] Settings =
    [
        "Countersign:Limits:ResendAfter:Email=00:00:00", "Countersign:Limits:ResendAfter:Sms=00:00:00",
        .. TestServer.NoLimitsOverAllAccounts,
        "Countersign:Limits:IssuesPerHour=1000000", "Logging:LogLevel:Default=Information",
    ];

    [Fact]
    [Trait("Attack", "20")]
    public async Task What_was_acknowledged_outlives_the_process()
    {
        using var folder = new TestFolder();
        var customers = new List<Customer>();
        var restarts = new List<TimeSpan>();
        var host = await HostProcess.StartInAsync(folder, "Countersign.Server", Settings);
        try
        {
            for (var kill = 0; kill < Kills; kill++)
            {
                var round = Enumerable.Range(0, CustomersPerRound).Select(i => new Customer((kill * CustomersPerRound) + i)).ToList();
                customers.AddRange(round);
                await Task.WhenAll(round.Select(customer => customer.OpenAsync(host.Http)));

                var load = round.Select(customer => Task.Run(() => customer.UseAsync(host.Http))).ToList();
                await Eventually.ThatAsync(
                    () => Task.FromResult(round.Sum(customer => customer.Acknowledged) >= LoadPerRound), "there is load", TimeSpan.FromSeconds(30));
                await host.KillAsync();
                await Task.WhenAll(load);
                await host.DisposeAsync();

                var watch = Stopwatch.StartNew();
                host = await HostProcess.StartInAsync(folder, "Countersign.Server", Settings);
                // Those of earlier rounds too: another kill must not undo what the first has left.
                await Task.WhenAll(customers.Select(customer => customer.AssertKeptAsync(host.Http)));
                restarts.Add(watch.Elapsed);
            }

            var waiting = customers.Where(customer => customer.Awaited is not null).ToList();
            var delivery = Stopwatch.StartNew();
            await Task.WhenAll(waiting.Select(customer => customer.AssertDeliveredAsync(host.Http, DeliveryWithin)));

            Assert.NotEmpty(waiting);
            output.WriteLine(
                $"{Kills} kills, {customers.Sum(customer => customer.Acknowledged)} acknowledged requests: "
                + $"{customers.Sum(customer => customer.Issued)} tokens issued, {customers.Sum(customer => customer.Redeemed.Count)} redeemed, none lost and none twice; "
                + $"{customers.Count(customer => customer.InFlight is not null)} requests in flight at a kill; "
                + $"{waiting.Count} messages on their way at a kill, all of them there {delivery.Elapsed.TotalSeconds:0.0} s after the last; "
                + $"started, and checked, in {string.Join(", ", restarts.Select(restart => $"{restart.TotalSeconds:0.0}"))} s.");
        }
        finally
        {
            output.WriteLine($"What the last process had to say:\n{host.Errors}");
            await host.DisposeAsync();
        }
    }
}
