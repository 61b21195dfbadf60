using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Allocations;

/// <summary>What each benchmark allocated at the last release: <c>bench/Micro/allocations.json</c>.</summary>
/// <param name="Release">The release that it was recorded for.</param>
/// <param name="Means">What the figures are, for whoever opens the file.</param>
/// <param name="Bytes">Of one call, by the name of the benchmark.</param>
sealed record AllocationRecord(string Release, string Means, SortedDictionary<string, long> Bytes)
{
    public const string Path = "bench/Micro/allocations.json";

    /// <summary>Per cent that a call may allocate beyond the record: another patch of the runtime allocates a little more here and there.</summary>
    const int ToleratedShare = 2;

    /// <summary>Bytes that a call may allocate beyond the record where the share is less: fewer than the least object has.</summary>
    const int ToleratedBytes = 16;

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static AllocationRecord Read() => JsonSerializer.Deserialize<AllocationRecord>(Repository.Read(Path), Json)!;

    public void Write() => File.WriteAllText(Repository.File(Path), JsonSerializer.Serialize(this, Json).ReplaceLineEndings("\n") + "\n");

    /// <summary>What is not as it was, a line each; none where no call allocates more.</summary>
    public IEnumerable<string> Complaints(IReadOnlyDictionary<string, long> counted)
    {
        foreach (var (name, bytes) in counted)
        {
            if (!Bytes.TryGetValue(name, out var recorded))
                yield return $"{name} has no figure in {Path}.";
            else if (bytes > Tolerated(recorded))
                yield return string.Create(CultureInfo.InvariantCulture, $"{name} allocates {bytes:N0} bytes a call, and {recorded:N0} at {Release}.");
        }

        foreach (var name in Bytes.Keys.Where(name => !counted.ContainsKey(name)))
            yield return $"{Path} has a figure for {name}, and there is no such benchmark.";
    }

    static long Tolerated(long recorded) => recorded + Math.Max(ToleratedBytes, recorded * ToleratedShare / 100);
}
