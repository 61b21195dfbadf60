namespace Countersign.Bench;

/// <summary>Arguments that cannot be followed.</summary>
sealed class UsageException(string message) : Exception(message);

/// <summary>Somebody has asked what can be asked.</summary>
sealed class HelpException(string message) : Exception(message);
