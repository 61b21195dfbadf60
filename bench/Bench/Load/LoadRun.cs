using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Countersign.Bench.Load;

/// <summary>How many were answered, in how long.</summary>
/// <param name="Others">Those of them that were answered in the other way.</param>
sealed record LoadResult(long Answers, long Others, TimeSpan Time, Latencies Latencies);

/// <summary>A server, and whose turn it is there.</summary>
sealed record Lane(int Port, Func<int> Next);

/// <summary>
/// A closed loop: each connection sends its next request when the last is answered. One thread serves them all: a thread for each would have the
/// kernel switch threads with every answer, which on few cores costs the server more than its own work.
/// </summary>
static class LoadRun
{
    const int LongestWait = 30_000;

    /// <summary>Until there are no tickets left, or for as long as <paramref name="atMost"/>. The connections are spread over the lanes.</summary>
    public static LoadResult Run(IReadOnlyList<Lane> lanes, int connections, Workload work, TimeSpan atMost)
    {
        var clients = Enumerable.Range(0, connections).Select(i => new Client(lanes[i % lanes.Count])).ToList();
        try
        {
            var started = Stopwatch.GetTimestamp();
            Exchange(clients, work, started, atMost);
            var time = Stopwatch.GetElapsedTime(started);
            var latencies = new Latencies();
            clients.ForEach(client => latencies.Add(client.Latencies));
            return new LoadResult(latencies.Total, clients.Sum(client => client.Others), time, latencies);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    static void Exchange(List<Client> clients, Workload work, long started, TimeSpan atMost)
    {
        var waits = new Wait[clients.Count];
        var underWay = 0;
        for (var i = 0; i < waits.Length; i++)
        {
            waits[i] = new Wait(clients[i].Descriptor);
            Go(i);
        }

        while (underWay > 0)
        {
            if (Poll(waits, (ulong)waits.Length, LongestWait) <= 0)
                throw new OddAnswerException($"{work.Name}: {underWay} requests were not answered within {LongestWait / 1000} s.");

            for (var i = 0; i < waits.Length; i++)
            {
                if (waits[i].Found != 0 && clients[i].TryReceive(work))
                {
                    underWay--;
                    Go(i);
                }
            }
        }

        void Go(int i)
        {
            if (Stopwatch.GetElapsedTime(started) < atMost && clients[i].TrySend(work))
                underWay++;
            else
                waits[i] = Wait.None;
        }
    }

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    static extern int Poll([In, Out] Wait[] waits, ulong count, int milliseconds);

    /// <summary>poll(2): a descriptor of which to learn when there is something to read.</summary>
    [StructLayout(LayoutKind.Sequential)]
    readonly struct Wait(int descriptor)
    {
        const short Readable = 1;

        /// <summary>The kernel passes over a negative one.</summary>
        public static readonly Wait None = new(-1);

        readonly int descriptor = descriptor;
        readonly short asked = Readable;

        public readonly short Found = 0;
    }
}
