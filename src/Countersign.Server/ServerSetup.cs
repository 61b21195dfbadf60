using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Countersign.Server;

/// <summary>What makes a process of the library: where settings, logs and the database are.</summary>
static partial class ServerSetup
{
    static readonly string[] Databases = ["PostgreSql", "Sqlite"];

    const string DefaultSqlite = "Data Source=data/countersign.db";

    /// <summary>
    /// The settings that are shipped beside the program hold wherever it is started; those of the working directory, where there are any, go over
    /// them.
    /// </summary>
    public static void AddShippedSettings(this WebApplicationBuilder builder)
    {
        if (builder.Environment.ContentRootPath.TrimEnd(Path.DirectorySeparatorChar) == AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar))
            return;

        foreach (var file in new[] { $"appsettings.{builder.Environment.EnvironmentName}.json", "appsettings.json" })
        {
            var source = new JsonConfigurationSource { Path = Path.Combine(AppContext.BaseDirectory, file), Optional = true };
            source.ResolveFileProvider();
            builder.Configuration.Sources.Insert(0, source);
        }
    }

    public static CountersignBuilder UseConfiguredDatabase(this CountersignBuilder builder, IConfiguration configuration) =>
        PostgreSqlConnectionString(configuration) is { } postgreSql
            ? Use("PostgreSql", () => builder.UsePostgreSql(postgreSql).UseDevelopmentKeys(DataDirectory(configuration)))
            : Use("Sqlite", () => builder.UseSqlite(SqliteConnectionString(configuration)));

    static CountersignBuilder Use(string setting, Func<CountersignBuilder> use)
    {
        try
        {
            return use();
        }
        catch (ArgumentException e)
        {
            throw new SettingException($"ConnectionStrings:{setting} cannot be used. {e.Message}");
        }
    }

    public static void MapOperations(this WebApplication app)
    {
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteHealthAsync });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = WriteHealthAsync });
        app.MapPrometheusScrapingEndpoint("/metrics");
    }

    /// <summary>The first minute of a newcomer, who has just started the server.</summary>
    public static void SayWhereToClick(this WebApplication app, TextWriter output) =>
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses;
            var url = (addresses?.FirstOrDefault() ?? "").Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal);
            output.WriteLine(
                $"""

                Countersign {Commands.Version} is ready, in Development, on {DatabaseName(app.Configuration)}.

                  Try it     {url}/          a security page, and beside it the inbox with its codes
                  Console    {url}/console   accounts and what happened to them, for support
                  API        {url}/scalar    the whole contract, to try
                  A bearer   curl -s {url}/dev/token --json '{"{"}"userId":"alice"{"}"}'

                """);
        });

    /// <summary>Which of the databases it is has surprised many: a setting that did not arrive means the file.</summary>
    public static void SayWhatServes(this WebApplication app) =>
        LogServes(app.Logger, Commands.Version, DatabaseName(app.Configuration));

    [LoggerMessage(LogLevel.Information, "Countersign {Version} keeps its accounts in {Database}.")]
    static partial void LogServes(ILogger log, string version, string database);

    /// <summary>Not ready is left empty: an empty 503 gets its problem where all errors do.</summary>
    static Task WriteHealthAsync(HttpContext http, HealthReport report) =>
        report.Status == HealthStatus.Healthy ? http.Response.WriteAsync("Healthy") : Task.CompletedTask;

    /// <summary>Where the SQLite file is, and in Development the secrets, also those of a server on PostgreSQL.</summary>
    public static string DataDirectory(IConfiguration configuration) =>
        Path.GetDirectoryName(DatabaseFile(configuration))!;

    public static string DatabaseName(IConfiguration configuration)
    {
        if (PostgreSqlConnectionString(configuration) is not { } connectionString)
            return $"SQLite ({DatabaseFile(configuration)})";

        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return $"PostgreSQL ({settings.Database ?? settings.Username} at {settings.Host})";
    }

    static string DatabaseFile(IConfiguration configuration) =>
        Path.GetFullPath(new SqliteConnectionStringBuilder(SqliteConnectionString(configuration)).DataSource);

    static string SqliteConnectionString(IConfiguration configuration) =>
        configuration.GetConnectionString("Sqlite") is { Length: > 0 } configured ? configured : DefaultSqlite;

    /// <summary>Set and empty is a secret that was not there, and no wish for SQLite.</summary>
    static string? PostgreSqlConnectionString(IConfiguration configuration)
    {
        var section = configuration.GetSection("ConnectionStrings");
        if (section.GetChildren().FirstOrDefault(child => !Databases.Contains(child.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            throw new SettingException($"{unknown.Path} is no setting. Databases are ConnectionStrings:{string.Join(" and ConnectionStrings:", Databases)}.");
        return section["PostgreSql"] is { } configured && string.IsNullOrWhiteSpace(configured)
            ? throw new SettingException("ConnectionStrings:PostgreSql is empty. Set it to 'Host=db;Username=countersign;Password=…;Database=countersign', or leave it out for SQLite.")
            : section["PostgreSql"];
    }
}
