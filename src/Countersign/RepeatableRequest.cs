namespace Countersign;

/// <summary>A request that its caller may send again, to get the answer that was given the first time.</summary>
/// <param name="key">Under which the answer is kept: a digest of the caller's key.</param>
/// <param name="digest">Of the request itself.</param>
/// <param name="render">The answer to an outcome, as it is kept.</param>
sealed class RepeatableRequest(byte[] key, byte[] digest, Func<object, Task<byte[]>> render)
{
    /// <summary>From its commit on.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    public byte[] Key => key;

    public byte[] Digest => digest;

    /// <summary>What was kept in the commit of this request's decision; null where there was none.</summary>
    public byte[]? Kept { get; set; }

    public Task<byte[]> RenderAsync(object outcome) => render(outcome);
}

/// <summary>
/// A request whose key has an answer already. No outcome: what comes of it is bytes that only its caller can read, and no flow has to know of it.
/// </summary>
/// <param name="answer">Null where the key was another request's.</param>
sealed class RequestRepeatedException(byte[]? answer) : Exception("The key of the request has an answer already.")
{
    public byte[]? Answer => answer;
}
