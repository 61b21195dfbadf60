using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace Countersign.Tests.Allocations;

/// <summary>
/// How many bytes a call allocates on its thread. The runtime counts them exactly, whatever else the process does meanwhile; nothing is timed. What a first call makes
/// and later ones use is not in it.
/// </summary>
static class AllocationCount
{
    const int CallsBefore = 100;
    const int Calls = 200;

    /// <summary>The least of them: a collection between two calls may have emptied a pool that the next has to fill again.</summary>
    const int Rounds = 5;

    /// <summary>The benchmarks of the given classes, as <c>Decisions.Issue</c>, with their bytes.</summary>
    public static SortedDictionary<string, long> Of(IEnumerable<Type> classes)
    {
        var bytes = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var type in classes.Where(type => Marked<BenchmarkAttribute>(type).Any()))
        {
            var instance = Activator.CreateInstance(type)!;
            foreach (var setup in Marked<GlobalSetupAttribute>(type))
                setup.CreateDelegate<Action>(instance)();
            foreach (var benchmark in Marked<BenchmarkAttribute>(type))
                bytes[$"{type.Name}.{benchmark.Name}"] = Of(benchmark, instance);
        }

        return bytes;
    }

    public static long Of<T>(Func<T> call)
    {
        for (var i = 0; i < CallsBefore; i++)
            call();
        return Enumerable.Range(0, Rounds).Select(_ => Round(call)).Min();
    }

    /// <summary>Called by a delegate of its own type: reflection would allocate as well.</summary>
    static long Of(MethodInfo benchmark, object instance) => benchmark.ReturnType == typeof(bool)
        ? Of(benchmark.CreateDelegate<Func<bool>>(instance))
        : Of(benchmark.CreateDelegate<Func<object>>(instance));

    /// <summary>Of one call, rounded up: what every other call allocates counts.</summary>
    static long Round<T>(Func<T> call)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Calls; i++)
            call();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return (allocated + Calls - 1) / Calls;
    }

    static IEnumerable<MethodInfo> Marked<T>(Type type) where T : Attribute => type.GetMethods().Where(method => method.IsDefined(typeof(T), inherit: false));
}
