using Countersign.Delivery.Events;
using Countersign.Stores;

namespace Countersign.Delivery;

/// <summary>What has to be done to the store now and then: count the outbox and what has happened, erase what has expired, forget what is long done with.</summary>
sealed class Housekeeping(
    Outbox outbox, EventQueue events, ExpiredRows expired, AuditRetention retention, ActivityCount activity, Telemetry telemetry, TimeProvider clock)
{
    /// <summary>Counting costs more, the longer the backlog is.</summary>
    static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(10);

    static readonly TimeSpan CountEvery = TimeSpan.FromMinutes(1);

    /// <summary>Who has fallen behind catches up in steps, and sends messages between them.</summary>
    static readonly TimeSpan CountNextAfter = TimeSpan.FromSeconds(1);

    static readonly TimeSpan EraseEvery = TimeSpan.FromMinutes(1);
    static readonly TimeSpan PruneEvery = TimeSpan.FromMinutes(10);

    /// <summary>How long a finished message, of which only its fate is left, can be looked at.</summary>
    static readonly TimeSpan KeepFinishedFor = TimeSpan.FromDays(7);

    /// <summary>How long an event that was given up can be looked at. What it says is in the audit trail, and can be posted again for as long as that is kept.</summary>
    static readonly TimeSpan KeepDeadEventsFor = TimeSpan.FromDays(30);

    DateTimeOffset measureAt = clock.GetUtcNow();
    DateTimeOffset countAt = clock.GetUtcNow();
    DateTimeOffset eraseAt = clock.GetUtcNow() + EraseEvery;
    DateTimeOffset pruneAt = clock.GetUtcNow() + PruneEvery;

    /// <summary>Does whatever is due, in small commits, so that nobody waits long behind one.</summary>
    public async Task DoAsync(CancellationToken ct)
    {
        var now = clock.GetUtcNow();
        if (now >= measureAt)
        {
            telemetry.Measured(await outbox.MeasureAsync(ct));
            if (events.IsOn)
                telemetry.Measured(await events.MeasureAsync(ct));
            measureAt = now + MeasureEvery;
        }

        if (now >= countAt)
            countAt = now + (await activity.CountAsync(now, ct) ? CountNextAfter : CountEvery);

        if (now >= eraseAt)
        {
            while (await outbox.EraseExpiredAsync(now, ct))
            {
            }

            eraseAt = now + EraseEvery;
        }

        if (now >= pruneAt)
        {
            while (await outbox.PruneAsync(now - KeepFinishedFor, ct))
            {
            }

            while (await events.PruneAsync(now - KeepDeadEventsFor, ct))
            {
            }

            while (await expired.ForgetAsync(now, ct))
            {
            }

            while (await activity.ForgetAsync(now, ct))
            {
            }

            // Then what may fail, where the role of the nodes has no right to delete events: not again at once.
            pruneAt = now + PruneEvery;
            await retention.ApplyAsync(now, ct);
        }
    }
}
