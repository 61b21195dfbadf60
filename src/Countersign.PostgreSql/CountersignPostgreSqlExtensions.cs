using Countersign.PostgreSql;
using Countersign.Stores;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign;

public static class CountersignPostgreSqlExtensions
{
    /// <summary>
    /// Keeps accounts in PostgreSQL (15 or later), for any number of nodes. The schema is brought up to date on start, by one node at a time, or
    /// beforehand by a role that may; after that the role of the application needs SELECT, INSERT, UPDATE and DELETE, and no more.
    /// </summary>
    /// <param name="connectionString">
    /// Of Npgsql, such as <c>Host=db;Username=countersign;Password=…;Database=countersign</c>. What it leaves open is set so that a database that
    /// does not answer costs a caller two seconds: Timeout and Command Timeout are 2 (seconds), Cancellation Timeout 300 (milliseconds), Maximum Pool
    /// Size 20, Max Auto Prepare 100.
    /// </param>
    /// <exception cref="ArgumentException">The connection string is none, or names no host.</exception>
    public static CountersignBuilder UsePostgreSql(this CountersignBuilder builder, string connectionString)
    {
        var settings = PostgreSqlSettings.Complete(connectionString);
        builder.Services.AddSingleton<ISqlEngine>(provider => ActivatorUtilities.CreateInstance<PostgreSqlEngine>(provider, settings));
        return builder;
    }
}
