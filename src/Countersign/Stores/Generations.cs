using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Countersign.Stores;

/// <summary>
/// What was used lately, in bounded memory: two dictionaries, of which the older one goes as a whole when the younger is full, or old
/// enough. What is asked for before it goes stays.
/// </summary>
/// <param name="capacity">Of each of the two.</param>
/// <param name="turnAfter">What nobody asks for is gone after twice as long; null for when there is no more room.</param>
sealed class Generations<TKey, TValue>(int capacity, TimeSpan? turnAfter = null, TimeProvider? clock = null) where TKey : notnull where TValue : class
{
    readonly Lock turn = new();
    volatile ConcurrentDictionary<TKey, TValue> young = new();
    volatile ConcurrentDictionary<TKey, TValue> old = new();
    readonly TimeProvider clock = clock ?? TimeProvider.System;
    long turnedAt = (clock ?? TimeProvider.System).GetTimestamp();
    int added;

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (IsOld)
            Turn();
        if (young.TryGetValue(key, out value))
            return true;
        if (!old.TryGetValue(key, out value))
            return false;

        Set(key, value);
        return true;
    }

    public void Set(TKey key, TValue value)
    {
        if (IsOld)
            Turn();
        if (young.TryAdd(key, value))
        {
            if (Interlocked.Increment(ref added) >= capacity)
                Turn();
            return;
        }

        young[key] = value;
    }

    public void Remove(TKey key)
    {
        young.TryRemove(key, out _);
        old.TryRemove(key, out _);
    }

    bool IsOld => clock.GetElapsedTime(Volatile.Read(ref turnedAt)) >= turnAfter;

    void Turn()
    {
        lock (turn)
        {
            if (Volatile.Read(ref added) < capacity && !IsOld)
                return;
            (old, young) = (young, new());
            added = 0;
            Volatile.Write(ref turnedAt, clock.GetTimestamp());
        }
    }
}
