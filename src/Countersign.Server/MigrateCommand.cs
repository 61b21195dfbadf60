using Countersign.Stores;

namespace Countersign.Server;

/// <summary>
/// <c>migrate</c> brings the schema up, with the rights of whoever runs it, so that the role of the nodes needs none; <c>migrate --check</c> only
/// looks.
/// </summary>
static class MigrateCommand
{
    const string Name = "migrate";
    const string Check = "--check";

    public static bool IsIn(string[] args) => args is [Name, ..];

    /// <summary>0 where the schema is up to date afterwards, 1 where it is not.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        string[] settings = [.. args[1..].Where(arg => arg != Check)];
        if (Arguments.FindUnknown(settings) is { } unknown)
        {
            await error.WriteLineAsync($"migrate does not know '{unknown}'. See Countersign.Server --help.");
            return 2;
        }

        await using var app = Program.Build(settings, builder => builder.Logging.SetMinimumLevel(LogLevel.Warning));
        var store = ServerSetup.DatabaseName(app.Configuration);
        var engine = app.Services.GetRequiredService<ISqlEngine>();
        try
        {
            var last = Migrations.All[^1].Version;
            var found = await engine.FindSchemaVersionAsync(CancellationToken.None);
            if (found > last)
                throw new SchemaTooNewException(found, last);
            if (args.Contains(Check))
            {
                await output.WriteLineAsync(found == last
                    ? $"{store}: the schema is up to date, at version {last}."
                    : $"{store}: the schema is at version {found}, and this program needs {last}. Run: Countersign.Server migrate");
                return found == last ? 0 : 1;
            }

            await engine.MigrateAsync(Migrations.All, CancellationToken.None);
            await output.WriteLineAsync(found == last
                ? $"{store}: the schema was up to date, at version {last}."
                : $"{store}: the schema was brought from version {found} to {last}.");
            return 0;
        }
        catch (StoreUnavailableException e)
        {
            await error.WriteLineAsync($"{store}: the schema cannot be brought up. {e.Message}");
            return 1;
        }
    }
}
