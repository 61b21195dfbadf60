using System.Data.Common;
using Countersign.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign.Bench.Micro;

/// <summary>A database that takes every commit at once and keeps the last.</summary>
sealed class MemoryEngine : ISqlEngine
{
    public IReadOnlyList<SqlStatement> Committed { get; private set; } = [];

    /// <summary>The store of the product upon it, put together as a host does it.</summary>
    public IAccountStore Store()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton<ISqlEngine>(this);
        builder.Services.AddCountersign(options =>
        {
            options.PublicUrl = Sample.Options.PublicUrl;
            options.Keys.Add(new KeyOptions { Id = Sample.KeyId, Value = Sample.KeyValue });
        });
        var services = builder.Services.BuildServiceProvider();
        services.GetRequiredService<Database>().MigrateAsync(CancellationToken.None).GetAwaiter().GetResult();
        return services.GetRequiredService<IAccountStore>();
    }

    public Task MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken ct) => Task.CompletedTask;

    public Task<long> FindSchemaVersionAsync(CancellationToken ct) => Task.FromResult(1L);

    public Task<DateTimeOffset?> FindClockAsync(CancellationToken ct) => Task.FromResult<DateTimeOffset?>(null);

    public Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
        throw new NotSupportedException("There is nothing in it.");

    public Task<(TFirst First, TSecond Second)> ReadBothAsync<TFirst, TSecond>(
        SqlStatement first, Func<DbDataReader, TFirst> readFirst, SqlStatement second, Func<DbDataReader, TSecond> readSecond, CancellationToken ct) =>
        throw new NotSupportedException("There is nothing in it.");

    public Task<T> WriteAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
        throw new NotSupportedException("It takes commits alone.");

    public Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct)
    {
        Committed = statements;
        return Task.FromResult(true);
    }
}
