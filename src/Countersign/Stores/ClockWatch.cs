using Microsoft.Extensions.Hosting;

namespace Countersign.Stores;

/// <summary>Compares the clocks every half minute, and every second while they are too far apart.</summary>
sealed class ClockWatch(StoreClock storeClock, TimeProvider clock) : BackgroundService
{
    const int CompareEvery = 30;

    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (storeClock.MaxSkew == TimeSpan.Zero)
            return;

        using var timer = new PeriodicTimer(LookEvery, clock);
        try
        {
            for (var look = 1; await timer.WaitForNextTickAsync(stoppingToken); look++)
            {
                if (look % CompareEvery == 0 || storeClock.Complaint is not null)
                    await TryCompareAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    async Task TryCompareAsync(CancellationToken ct)
    {
        try
        {
            await storeClock.CompareAsync(ct);
        }
        catch (StoreUnavailableException)
        {
            // Who needs the store hears of it, and says so.
        }
    }
}
