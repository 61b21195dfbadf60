using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Countersign.Tests.Faults.Suite;

/// <summary>Every request of every client, in memory for the checker and as JSON lines in a file for whoever wants to know how it came about.</summary>
sealed class History(string path) : IDisposable
{
    public static readonly JsonSerializerOptions Json = new()
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    readonly StreamWriter file = new(path);
    readonly Lock gate = new();
    readonly ConcurrentQueue<Call> calls = [];
    int lastId;

    public IReadOnlyCollection<Call> Calls => calls;

    public string NextId() => $"call-{Interlocked.Increment(ref lastId)}";

    public void Add(Call call)
    {
        calls.Enqueue(call);
        var line = JsonSerializer.Serialize(call, Json);
        lock (gate)
            file.WriteLine(line);
    }

    public void Dispose() => file.Dispose();
}
