namespace Countersign.Bench.Systems;

/// <summary>One of those that are compared.</summary>
abstract class TestedSystem
{
    public static readonly TimeProvider Clock = TimeProvider.System;

    /// <summary>As in the arguments and the tables.</summary>
    public abstract string Name { get; }

    /// <summary>How it is asked for things.</summary>
    public virtual Wire Wire { get; } = new();

    /// <summary>Makes the database that every process gets a copy of.</summary>
    /// <param name="accounts">Each with an email.</param>
    public abstract void Prepare(long accounts);

    /// <summary>On a copy of the database of their own.</summary>
    public abstract RunningSystem Start(int processes = 1);
}
