namespace Countersign.Bench;

/// <summary>Arguments that cannot be followed.</summary>
sealed class UsageException(string message) : Exception(message);
