using System.Diagnostics;
using Countersign.Delivery;

namespace Countersign.Tests.Smtp;

/// <summary>Run by hand: <c>./test -class '*SmtpThroughput' -explicit only -showLiveOutput</c>.</summary>
public sealed class SmtpThroughput(ITestOutputHelper output)
{
    const int Messages = 4_000;

    [Theory(Explicit = true)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public async Task Messages_in_a_second(int connections)
    {
        await using var peer = await SmtpPeer.StartAsync();
        await using var client = SmtpClientSide.Of(peer, smtp => smtp.PoolSize = connections);
        var (next, watch) = (0, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i <= Messages; i = Interlocked.Increment(ref next))
                Assert.Equal(SendResult.Accepted, await client.SendAsync(SmtpClientSide.Message($"id{i}")));
        }));
        output.WriteLine($"{connections} connections: {Messages / watch.Elapsed.TotalSeconds:0} messages in a second");
    }
}
