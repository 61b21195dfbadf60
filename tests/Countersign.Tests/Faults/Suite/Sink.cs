using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite;

/// <summary>A message as the outside took it over.</summary>
/// <param name="Destination">As it was written to, unmasked.</param>
sealed record HandedOver(
    string Id, string UserId, KeyType Channel, string Destination, string? Subject, string Text, string? Code, string? Reference, Moment At, int Node);

/// <summary>
/// The sender of a node under test: appends to a file. What was handed over so is handed over, whatever becomes of the node or the database.
/// </summary>
sealed class SinkSender(KeyType channel, SinkFile file) : IMessageSender
{
    public KeyType Channel => channel;

    public Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
    {
        file.Append(new HandedOver(
            message.Id, message.UserId, channel, message.Destination.Value, message.Subject, message.Text, message.OneTimeToken, message.Reference,
            Moment.Now, file.Node));
        return Task.FromResult(SendResult.Accepted);
    }
}

/// <summary>The writing end: one file for a node, whose processes come one after the other.</summary>
sealed class SinkFile(string path, int node) : IDisposable
{
    /// <summary>What a line ends with that was written as a whole.</summary>
    public const char End = ';';

    readonly FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
    readonly Lock gate = new();

    public int Node => node;

    public void Append(HandedOver message)
    {
        // A line that a kill has cut short is ended by the next.
        var line = Encoding.UTF8.GetBytes($"\n{JsonSerializer.Serialize(message, History.Json)}{End}\n");
        lock (gate)
            file.Write(line);
    }

    public void Dispose() => file.Dispose();
}

/// <summary>The reading end: everything that any node has handed over, for those who wait for a code and for the checker.</summary>
sealed class Sink : IAsyncDisposable
{
    static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(10);

    readonly IReadOnlyList<FileStream> files;
    readonly StringBuilder[] rests;
    readonly ConcurrentQueue<HandedOver> messages = [];
    readonly ConcurrentDictionary<(string UserId, string Reference), TaskCompletionSource<HandedOver>> waiting = [];
    readonly CancellationTokenSource stopping = new();
    readonly Task following;

    public Sink(IEnumerable<string> paths)
    {
        files = [.. paths.Select(path => new FileStream(path, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite))];
        rests = [.. files.Select(_ => new StringBuilder())];
        following = Task.Run(FollowAsync);
    }

    public IReadOnlyCollection<HandedOver> Messages => messages;

    /// <summary>The next message with this reference to arrive, or the one that did; null where none comes in time. Nobody else gets it.</summary>
    public async Task<HandedOver?> TakeAsync(string userId, string reference, TimeSpan within)
    {
        var place = waiting.GetOrAdd((userId, reference), _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            var message = await place.Task.WaitAsync(within);
            // Three characters come again sooner or later: the next one is somebody else's.
            waiting.TryRemove(KeyValuePair.Create((userId, reference), place));
            return message;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Reads what is there, to the end.</summary>
    public async Task CompleteAsync()
    {
        await stopping.CancelAsync();
        await following;
        await ReadAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CompleteAsync();
        foreach (var file in files)
            await file.DisposeAsync();
        stopping.Dispose();
    }

    async Task FollowAsync()
    {
        while (!stopping.IsCancellationRequested)
        {
            await ReadAsync();
            await Task.Delay(PollEvery, CancellationToken.None);
        }
    }

    async Task ReadAsync()
    {
        var buffer = new byte[1 << 16];
        for (var i = 0; i < files.Count; i++)
        {
            while (await files[i].ReadAsync(buffer) is > 0 and var count)
                Take(rests[i], buffer.AsSpan(0, count));
        }
    }

    /// <summary>Messages are ASCII on the wire of this file, so that a piece of one is a piece of text.</summary>
    void Take(StringBuilder rest, ReadOnlySpan<byte> piece)
    {
        foreach (var character in piece)
        {
            if (character != '\n')
            {
                rest.Append((char)character);
                continue;
            }

            if (rest.Length > 0 && rest[^1] == SinkFile.End)
                Arrive(JsonSerializer.Deserialize<HandedOver>(rest.ToString(0, rest.Length - 1), History.Json)!);
            rest.Clear();
        }
    }

    void Arrive(HandedOver message)
    {
        messages.Enqueue(message);
        if (message.Reference is not null)
            waiting.GetOrAdd((message.UserId, message.Reference), _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult(message);
    }
}
