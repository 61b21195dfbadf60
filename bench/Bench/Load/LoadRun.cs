using System.Diagnostics;

namespace Countersign.Bench.Load;

/// <summary>How many were answered, in how long.</summary>
sealed record LoadResult(long Answers, TimeSpan Time, Latencies Latencies);

/// <summary>A closed loop: each connection sends its next request when the last is answered.</summary>
static class LoadRun
{
    const int StackSize = 256 * 1024;

    /// <summary>Until there are no tickets left, or for as long as <paramref name="atMost"/>.</summary>
    public static LoadResult Run(int port, int connections, Workload work, TimeSpan atMost)
    {
        var clients = Enumerable.Range(0, connections).Select(_ => new Client(port)).ToList();
        Exception? failure = null;
        using var begin = new Barrier(connections + 1);
        var started = 0L;
        var threads = clients.ConvertAll(client => new Thread(
            () =>
            {
                begin.SignalAndWait();
                try
                {
                    while (failure is null && Stopwatch.GetElapsedTime(started) < atMost && work.Tickets.Next() is var ticket and not Tickets.None)
                    {
                        work.Write(client.Buffer, ticket);
                        client.Exchange(work.Name, work.ExpectedStatus);
                    }
                }
                catch (Exception e)
                {
                    // The first says why; the others are told to stop.
                    Interlocked.CompareExchange(ref failure, e, null);
                }
            },
            StackSize));

        threads.ForEach(thread => thread.Start());
        started = Stopwatch.GetTimestamp();
        begin.SignalAndWait();
        threads.ForEach(thread => thread.Join());
        var time = Stopwatch.GetElapsedTime(started);

        var latencies = new Latencies();
        foreach (var client in clients)
        {
            latencies.Add(client.Latencies);
            client.Dispose();
        }

        return failure is null ? new LoadResult(latencies.Total, time, latencies) : throw new OddAnswerException(failure.Message);
    }
}
