using System.Globalization;
using Countersign.Stores;

namespace Countersign.Server;

/// <summary>
/// <c>audit verify</c> recomputes the chains of all audit trails; <c>audit export</c> prints their events, a line of JSON each. Both only read, and need the
/// settings of a node: its database and its keys.
/// </summary>
static class AuditCommand
{
    const string Name = "audit";
    const string Verify = "verify";
    const string Export = "export";
    const string User = "--user";
    const string Since = "--since";

    const string Usage = "audit is followed by verify [--user ID] or export [--user ID] [--since TIME], and settings. A time is like 2026-11-22T19:00:00Z. See Countersign.Server --help.";

    public static bool IsIn(string[] args) => args is [Name, ..];

    /// <summary>0 where all is as it was written, 1 where it is not or cannot be read, 2 where the arguments are wrong.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        if (Enumerable.Range(0, args.Length).FirstOrDefault(i => args[i] is User or Since && !Arguments.HasValue(args, i)) is > 0 and var bare)
        {
            await error.WriteLineAsync($"{args[bare]} has no value. {Usage}");
            return 2;
        }

        if (args is not [Name, Verify or Export, ..] || !TryRead(args[2..], args[1], out var user, out var since, out var settings))
        {
            await error.WriteLineAsync(Usage);
            return 2;
        }

        if (Arguments.FindUnknown([.. settings]) is { } unknown)
        {
            await error.WriteLineAsync($"audit {args[1]} does not know '{unknown}'. {Usage}");
            return 2;
        }

        await using var app = Program.Build([.. settings], builder => builder.Logging.SetMinimumLevel(LogLevel.Warning));
        var store = ServerSetup.DatabaseName(app.Configuration);
        try
        {
            var (found, needed) = (await app.Services.GetRequiredService<ISqlEngine>().FindSchemaVersionAsync(CancellationToken.None), Migrations.All[^1].Version);
            if (found != needed)
                throw new StoreUnavailableException(found == 0
                    ? "There is no database of Countersign's. Is the connection string that of a node?"
                    : $"The schema is at version {found}, and this program needs {needed}.");
            return args[1] == Verify ? await VerifyAsync(app.Services, store, user, output, error) : await ExportAsync(app.Services, since, user, output);
        }
        catch (StoreUnavailableException e)
        {
            await error.WriteLineAsync($"{store}: the audit trails cannot be read. {e.Message}");
            return 1;
        }
    }

    static async Task<int> VerifyAsync(IServiceProvider services, string store, string? user, TextWriter output, TextWriter error)
    {
        var report = await services.GetRequiredService<AuditVerification>().VerifyAsync(user, finding => output.WriteLine(finding), CancellationToken.None);
        if (user is not null && report.Accounts == 0)
        {
            await error.WriteLineAsync($"{store}: there is no audit trail of '{user}'.");
            return 1;
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{store}: audit trails {report.Accounts}, events {report.Events}, findings {report.Findings}"));
        return report.Findings == 0 ? 0 : 1;
    }

    static async Task<int> ExportAsync(IServiceProvider services, DateTimeOffset since, string? user, TextWriter output)
    {
        await foreach (var e in services.GetRequiredService<AuditExport>().ReadAsync(since, user, CancellationToken.None))
            await output.WriteLineAsync(LoggedEvent.Of(e).ToJson());
        return 0;
    }

    static bool TryRead(string[] args, string command, out string? user, out DateTimeOffset since, out List<string> settings)
    {
        (user, since, settings) = (null, DateTimeOffset.UnixEpoch, []);
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i] == User)
                user = args[++i];
            else if (args[i] == Since && command == Export)
            {
                if (!DateTimeOffset.TryParse(args[++i], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out since))
                    return false;
            }
            else
                settings.Add(args[i]);
        }

        return true;
    }
}
