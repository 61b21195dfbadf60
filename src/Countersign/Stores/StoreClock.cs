using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Countersign.Stores;

/// <summary>
/// How far this node's clock is from the database's, which is the clock of all nodes. A node that is wrong about the time is wrong about every expiry, lock
/// and lease, so while they are too far apart it must neither read nor store anything.
/// </summary>
sealed partial class StoreClock(
    ISqlEngine engine, IOptions<CountersignOptions> options, TimeProvider clock, Telemetry telemetry, ILogger<StoreClock> log)
{
    volatile Comparison? last;
    bool wasWrong;

    public TimeSpan MaxSkew => options.Value.Clock.MaxSkew;

    /// <summary>What is wrong, and what to do about it; null where nothing is.</summary>
    public string? Complaint => Ahead is { } ahead && ahead.Duration() > MaxSkew ? Describe(ahead) : null;

    /// <summary>Asks the database for the time.</summary>
    /// <exception cref="StoreUnavailableException"/>
    public async Task CompareAsync(CancellationToken ct)
    {
        if (MaxSkew == TimeSpan.Zero)
            return;

        var before = clock.GetUtcNow();
        if (await engine.FindClockAsync(ct) is not { } database)
            return;

        var (after, timestamp) = (clock.GetUtcNow(), clock.GetTimestamp());
        var ahead = AheadOf(database, before, after);
        last = new Comparison(ahead, after, timestamp);
        telemetry.ClockCompared(ahead);
        if (Complaint is { } complaint)
            LogWrong(complaint);
        else if (wasWrong)
            LogRight();
        wasWrong = Complaint is not null;
    }

    /// <summary>
    /// How far the node is ahead of the database at least (behind, where it is negative). The database read its clock at some time between
    /// <paramref name="before"/> and <paramref name="after"/> of the node's, and that it took long is no fault of the clock's.
    /// </summary>
    public static TimeSpan AheadOf(DateTimeOffset database, DateTimeOffset before, DateTimeOffset after) =>
        before > database ? before - database : after < database ? after - database : TimeSpan.Zero;

    /// <summary>As it was when they were compared, and what the clock has been set by since: the time that a counter says has passed is another one then.</summary>
    TimeSpan? Ahead => last is { } compared
        ? compared.Ahead + (clock.GetUtcNow() - compared.At - clock.GetElapsedTime(compared.Timestamp))
        : null;

    string Describe(TimeSpan ahead) => string.Create(
        CultureInfo.InvariantCulture,
        $"The clock of this node is {ahead.Duration().TotalSeconds:0.0} s {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} the database's, and {MaxSkew.TotalSeconds:0.###} s are allowed (Countersign:Clock:MaxSkew). Set it right (NTP); where every node says so, it is the database's that is wrong.");

    [LoggerMessage(LogLevel.Critical, "Not ready, and every request is answered with 503 until it is: {Complaint}")]
    partial void LogWrong(string complaint);

    [LoggerMessage(LogLevel.Information, "The clocks of this node and of the database agree again.")]
    partial void LogRight();

    sealed record Comparison(TimeSpan Ahead, DateTimeOffset At, long Timestamp);
}
