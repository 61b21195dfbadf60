using System.Runtime.CompilerServices;

namespace Countersign.Stores;

/// <summary>An event with whose it is, and its link: whoever keeps it elsewhere can tell later whether the trail still has it.</summary>
sealed record ExportedEvent(string UserId, AuditEvent Event, byte[] Link);

/// <summary>Reads the events of all accounts in the order of time.</summary>
sealed class AuditExport(ISqlEngine engine)
{
    const int Page = 1_000;

    /// <param name="only">The account whose events are read; null for all.</param>
    public async IAsyncEnumerable<ExportedEvent> ReadAsync(DateTimeOffset since, string? only, [EnumeratorCancellation] CancellationToken ct)
    {
        var place = (At: since.ToUnixTimeMilliseconds(), UserId: "", Version: 0L, Ordinal: 0L);
        List<ExportedEvent> page;
        do
        {
            var statement = new SqlStatement(
                only is null ? AuditSql.Since : AuditSql.SinceOfUser,
                ("@since", place.At), ("@user_id", place.UserId), ("@version", place.Version), ("@ordinal", place.Ordinal), ("@limit", (long)Page));
            if (only is not null)
                statement = statement with { Parameters = [.. statement.Parameters, ("@only", only)] };

            page = [];
            place = await engine.ReadAsync(
                statement,
                reader =>
                {
                    var last = place;
                    while (reader.Read())
                    {
                        last = (reader.GetInt64(2), reader.GetString(AuditRows.Width), reader.GetInt64(0), reader.GetInt64(1));
                        page.Add(new ExportedEvent(last.UserId, AuditRows.Read(reader), reader.GetFieldValue<byte[]>(AuditRows.Width + 1)));
                    }

                    return last;
                },
                ct);
            foreach (var e in page)
                yield return e;
        }
        while (page.Count == Page);
    }
}
