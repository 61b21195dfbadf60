using Countersign.Bench.Machine;

namespace Countersign.Bench.Systems;

/// <summary>One whose server keeps its accounts in PostgreSQL.</summary>
abstract class PostgresSystem(Workplace place, Postgres postgres, Issuer issuer) : TestedSystem
{
    int copies;

    /// <summary>The folder of its server, from the root of the repository.</summary>
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
        return Start(copy, processes);
    }

    /// <summary>On the database itself, which goes with it: for one that is too large to copy.</summary>
    public RunningSystem StartOnOriginal()
    {
        postgres.Execute(Template, "CHECKPOINT");
        return Start(Template, processes: 1);
    }

    /// <summary>What the prepared database takes, the largest table first.</summary>
    public IReadOnlyList<TableSize> Sizes() => postgres.Sizes(Template);

    protected abstract IEnumerable<string> Settings();

    protected abstract void Load(string database, long accounts);

    protected abstract ILedger OpenLedger(string database);

    RunningSystem Start(string database, int processes) => new(
        this, [.. Enumerable.Range(0, processes).Select(_ => StartOn(database))], OpenLedger(database), () => postgres.Cpu, () => postgres.ServingCpu(database), () => postgres.Drop(database));

    ServerProcess StartOn(string database) =>
        new(place, PublishedProgram.Of(place, Project), [$"--ConnectionStrings:PostgreSql={postgres.ConnectionString(database)}", .. issuer.Settings, .. Settings()]);
}
