using Countersign.Bench.Machine;
using Countersign.Bench.Seeding;

namespace Countersign.Bench.Systems;

sealed class ProductOnPostgres(Workplace place, Postgres postgres, Issuer issuer) : PostgresSystem(place, postgres, issuer)
{
    readonly ProductSettings settings = new();

    public override string Name => "postgres";

    protected override string Project => "Countersign.Bench.Product";

    protected override IEnumerable<string> Settings() => settings.Arguments;

    protected override void Load(string database, long accounts) => CopySeeder.Load(
        () => Database.Open(database), new ProductRows(settings.Codes, accounts, events: accounts, Clock.GetUtcNow()), accounts);

    protected override ILedger OpenLedger(string database) => ProductLedger.On(Database.Open(database));
}
