using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>What a connection string that leaves it open gets. Whatever it says itself, stands.</summary>
static class PostgreSqlSettings
{
    /// <summary>Seconds until a server that does not take a connection, or a pool without a free one, counts as not available.</summary>
    public const int ConnectTimeout = 2;

    /// <summary>Seconds until a statement that is not answered is given up: its outcome is not known then.</summary>
    public const int CommandTimeout = 2;

    /// <summary>
    /// Connections of one node at most. PostgreSQL takes 100 from all of them unless configured otherwise, and is not faster with more than a
    /// few for each of its cores.
    /// </summary>
    public const int MaxPoolSize = 20;

    /// <summary>Statements that a connection keeps prepared: more than the store has.</summary>
    public const int MaxAutoPrepare = 100;

    /// <summary>
    /// For the server to give up a statement that a node gives up after <paramref name="commandTimeout"/>: a tenth earlier, so that the node learns from it that nothing was done.
    /// </summary>
    public static TimeSpan StatementTimeout(TimeSpan commandTimeout) => commandTimeout * 0.9;

    /// <exception cref="ArgumentException"/>
    public static string Complete(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (string.IsNullOrEmpty(settings.Host))
            throw new ArgumentException("The PostgreSQL connection string names no host: 'Host=db;Username=countersign;Password=…;Database=countersign'.");
        // Nobody asks the server for the types of parameters through it, and a statement that fails would be another's to pay for.
        if (settings.Multiplexing)
            throw new ArgumentException("Multiplexing=true is not supported: leave it out. A busy node sends what it commits together by itself.");

        // Every key has a default, so what was left open shows by its absence.
        void Default(string key, object value)
        {
            if (!settings.ShouldSerialize(key))
                settings[key] = value;
        }

        Default("Timeout", ConnectTimeout);
        Default("Command Timeout", CommandTimeout);
        Default("Maximum Pool Size", MaxPoolSize);
        Default("Max Auto Prepare", MaxAutoPrepare);
        Default("Auto Prepare Min Usages", 2);
        // A connection has nothing to forget from one use to the next, and keeps its statement_timeout.
        Default("No Reset On Close", true);
        Default("Application Name", "Countersign");
        // Of several hosts, the one that takes writes.
        if (settings.Host.Contains(',', StringComparison.Ordinal))
            Default("Target Session Attributes", "primary");
        return settings.ConnectionString;
    }
}
