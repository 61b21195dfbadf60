namespace Countersign.Bench.Load;

/// <summary>Requests of one kind, which all have to be answered alike, or in one of two ways.</summary>
/// <param name="Write">Writes the request of the account at a place of the sample.</param>
/// <param name="Took">Told how many nanoseconds the answer to it has taken.</param>
sealed record Workload(string Name, Tickets Tickets, Action<RequestBuffer, int> Write, int ExpectedStatus = 200, int? OtherStatus = null, Action<int, long>? Took = null);
