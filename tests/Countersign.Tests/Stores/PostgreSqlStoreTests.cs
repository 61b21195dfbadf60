using Countersign.Stores;

namespace Countersign.Tests.Stores;

public sealed class PostgreSqlStoreTests : StoreConformance
{
    private protected override TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null) => PostgreSqlTestDatabase.New(wrap);
}

public sealed class PostgreSqlRaceTests : StoreRaces
{
    private protected override TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null) => PostgreSqlTestDatabase.New(wrap);
}

public sealed class PostgreSqlSeededFaultTests : SeededFaults
{
    private protected override TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null) => PostgreSqlTestDatabase.New(wrap);
}
