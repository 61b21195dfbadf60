using Countersign.Stores;

namespace Countersign.Tests.Stores;

public sealed class SqliteStoreTests : StoreConformance
{
    private protected override TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null) => SqliteTestDatabase.New(wrap);
}

public sealed class SqliteRaceTests : StoreRaces
{
    private protected override TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null) => SqliteTestDatabase.New(wrap);
}

public sealed class SqliteSeededFaultTests : SeededFaults
{
    private protected override TestDatabase NewDatabase(Func<ISqlEngine, ISqlEngine>? wrap = null) => SqliteTestDatabase.New(wrap);
}
