using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Stores;

/// <summary>
/// Brings the schema up to date before the first request. Where the store cannot be reached the process starts all the same, answers
/// <c>unavailable</c>, and goes on trying.
/// </summary>
sealed partial class SchemaStartup(Database database, TimeProvider clock, ILogger<SchemaStartup> log) : BackgroundService
{
    static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!await TryMigrateAsync(cancellationToken))
            await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(RetryEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken) && !await TryMigrateAsync(stoppingToken))
            {
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    async Task<bool> TryMigrateAsync(CancellationToken ct)
    {
        try
        {
            await database.MigrateAsync(ct);
            return true;
        }
        catch (StoreUnavailableException e)
        {
            LogUnavailable(e.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "The store is not available, and every request is answered with 503 until it is: {Reason}")]
    partial void LogUnavailable(string reason);
}
