using Npgsql;

namespace Countersign.Bench.Seeding;

/// <summary>Loads accounts into PostgreSQL by COPY: a range of them at a time on each core, so that the memory it takes does not grow with their number.</summary>
static class CopySeeder
{
    const int RangeSize = 20_000;

    public static void Load(Func<NpgsqlConnection> open, ProductRows rows, long accounts)
    {
        var ranges = Enumerable.Range(0, (int)((accounts + RangeSize - 1) / RangeSize));
        Parallel.ForEach(ranges, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, range =>
        {
            var first = (long)range * RangeSize;
            var loaded = new List<SeededAccount>(RangeSize);
            for (var account = first; account < Math.Min(first + RangeSize, accounts); account++)
                loaded.Add(rows.Of(account));

            using var connection = open();
            Copy(connection, ProductRows.Accounts, loaded.Select(account => account.Account));
            Copy(connection, ProductRows.UserKeys, loaded.Select(account => account.UserKey));
            Copy(connection, ProductRows.KeyClaims, loaded.Select(account => account.KeyClaim));
            Copy(connection, ProductRows.AuditEvents, loaded.SelectMany(account => account.AuditEvents));
        });
    }

    public static void Copy(NpgsqlConnection connection, SeededTable table, IEnumerable<object?[]> rows)
    {
        using var import = connection.BeginBinaryImport($"COPY {table.Name} ({table.Columns}) FROM STDIN (FORMAT BINARY)");
        foreach (var row in rows)
            import.WriteRow(row);
        import.Complete();
    }
}
