using System.Collections.Concurrent;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Delivery;

/// <summary>Takes what it is told to take, and remembers every try.</summary>
sealed class FakeSender(KeyType channel, TimeProvider clock) : IMessageSender
{
    readonly ConcurrentQueue<Try> tries = [];

    public KeyType Channel => channel;

    public Func<OutgoingMessage, CancellationToken, Task<SendResult>> Behaviour { get; set; } = (_, _) => Task.FromResult(SendResult.Accepted);

    public IReadOnlyList<Try> Tries => [.. tries];

    public void Answer(SendStatus status, string? reason = null) =>
        Behaviour = (_, _) => Task.FromResult(new SendResult(status, reason));

    public Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        // As it is now: whoever has seen the try may ask for another answer, to the next one.
        var behaviour = Behaviour;
        tries.Enqueue(new Try(message, clock.GetUtcNow()));
        return behaviour(message, ct);
    }

    public async Task<Try> FirstAsync(Func<Try, bool> expected)
    {
        await Eventually.ThatAsync(() => tries.Any(expected), "such a message is sent");
        return tries.First(expected);
    }

    public sealed record Try(OutgoingMessage Message, DateTimeOffset At);
}
