using System.Globalization;
using Countersign.Bench.Machine;
using Countersign.Bench.Seeding;
using Microsoft.Data.Sqlite;

namespace Countersign.Bench.Systems;

sealed class ProductOnSqlite(Workplace place, Issuer issuer) : TestedSystem
{
    readonly ProductSettings settings = new();
    readonly string folder = Directory.CreateDirectory(Path.Combine(place.Folder, "sqlite")).FullName;
    int copies;

    public override string Name => "sqlite";

    string Template => Path.Combine(folder, "template.db");

    public override void Prepare(long accounts)
    {
        // The first start makes the tables.
        StartOn(Template).Dispose();
        using var connection = Open(Template, SqliteOpenMode.ReadWrite);
        var now = Clock.GetUtcNow();
        SqliteSeeder.Load(connection, new ProductRows(settings.Codes, accounts, events: accounts, now), accounts, ProductRows.AllCounted(now));
    }

    public override RunningSystem Start(int processes = 1)
    {
        if (processes > 1)
            throw new NotSupportedException("A file has one process.");

        var copy = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{++copies}.db"));
        File.Copy(Template, copy);
        var server = StartOn(copy);
        return new RunningSystem(this, [server], ProductLedger.On(Open(copy, SqliteOpenMode.ReadOnly)), () => 0, () => 0, () => File.Delete(copy));
    }

    ServerProcess StartOn(string file) =>
        new(place, PublishedProgram.Of(place, ProductSettings.Project), [$"--ConnectionStrings:Sqlite=Data Source={file}", .. issuer.Settings, .. settings.Arguments]);

    static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false }.ConnectionString);
        connection.Open();
        return connection;
    }
}
