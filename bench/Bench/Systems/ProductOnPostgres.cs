using Countersign.Bench.Machine;
using Countersign.Bench.Seeding;

namespace Countersign.Bench.Systems;

/// <param name="events">In the audit trails of all accounts; null for one in each.</param>
/// <param name="outstanding">Messages that wait in the outbox.</param>
/// <param name="name">Where there are several beside each other, each has one of its own.</param>
sealed class ProductOnPostgres(Workplace place, Postgres postgres, Issuer issuer, long? events = null, long outstanding = 0, string name = "postgres")
    : PostgresSystem(place, postgres, issuer)
{
    readonly ProductSettings settings = new();

    public override string Name => name;

    protected override string Project => ProductSettings.Project;

    protected override IEnumerable<string> Settings() => settings.Arguments;

    protected override void Load(string database, long accounts)
    {
        var now = Clock.GetUtcNow();
        CopySeeder.Load(() => Database.Open(database), new ProductRows(settings.Codes, accounts, events ?? accounts, now), accounts);
        Database.Execute(database, ProductRows.AllCounted(now));
        using var connection = Database.Open(database);
        CopySeeder.Copy(connection, OutboxRows.Table, new OutboxRows(settings.Codes, accounts, now).All(outstanding));
    }

    protected override ILedger OpenLedger(string database) => ProductLedger.On(Database.Open(database));
}
