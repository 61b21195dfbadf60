using Countersign.Bench.Machine;

namespace Countersign.Bench.Systems;

/// <summary>One whose server keeps its accounts in PostgreSQL.</summary>
abstract class PostgresSystem(Workplace place, Postgres postgres, Issuer issuer) : TestedSystem
{
    int copies;

    protected abstract string Project { get; }

    protected Postgres Database => postgres;

    string Template => $"{Name}_template";

    public override void Prepare(long accounts)
    {
        postgres.Create(Template);
        // The first start makes the tables.
        StartOn(Template).Dispose();
        Load(Template, accounts);
        postgres.VacuumAnalyze(Template);
    }

    public override RunningSystem Start(int processes = 1)
    {
        var copy = $"{Name}_{++copies}";
        postgres.Copy(Template, copy);
        return new RunningSystem(
            this, [.. Enumerable.Range(0, processes).Select(_ => StartOn(copy))], OpenLedger(copy), () => postgres.Cpu, () => postgres.Drop(copy));
    }

    protected abstract IEnumerable<string> Settings();

    protected abstract void Load(string database, long accounts);

    protected abstract ILedger OpenLedger(string database);

    ServerProcess StartOn(string database) =>
        new(place, Assembly(Project), [$"--ConnectionStrings:PostgreSql={postgres.ConnectionString(database)}", .. issuer.Settings, .. Settings()]);
}
