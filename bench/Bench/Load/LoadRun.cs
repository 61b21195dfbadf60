using System.Diagnostics;

namespace Countersign.Bench.Load;

/// <summary>How many were answered, in how long.</summary>
/// <param name="Others">Those of them that were answered in the other way.</param>
sealed record LoadResult(long Answers, long Others, TimeSpan Time, Latencies Latencies);

/// <summary>A server, and whose turn it is there.</summary>
sealed record Lane(int Port, Func<int> Next);

/// <summary>A closed loop: each connection sends its next request when the last is answered.</summary>
static class LoadRun
{
    const int StackSize = 256 * 1024;

    /// <summary>Until there are no tickets left, or for as long as <paramref name="atMost"/>. The connections are spread over the lanes.</summary>
    public static LoadResult Run(IReadOnlyList<Lane> lanes, int connections, Workload work, TimeSpan atMost)
    {
        var clients = Enumerable.Range(0, connections).Select(i => (Client: new Client(lanes[i % lanes.Count].Port), lanes[i % lanes.Count].Next)).ToList();
        Exception? failure = null;
        using var begin = new Barrier(connections + 1);
        var started = 0L;
        var threads = clients.ConvertAll(one => new Thread(
            () =>
            {
                begin.SignalAndWait();
                try
                {
                    while (failure is null && Stopwatch.GetElapsedTime(started) < atMost && one.Next() is var place and not Tickets.None)
                    {
                        work.Write(one.Client.Buffer, place);
                        var took = one.Client.Exchange(work);
                        work.Took?.Invoke(place, took);
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
        var others = 0L;
        foreach (var (client, _) in clients)
        {
            latencies.Add(client.Latencies);
            others += client.Others;
            client.Dispose();
        }

        return failure is null ? new LoadResult(latencies.Total, others, time, latencies) : throw new OddAnswerException(failure.Message);
    }
}
