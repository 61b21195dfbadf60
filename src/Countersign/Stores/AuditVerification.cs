using System.Data.Common;
using Countersign.Domain;

namespace Countersign.Stores;

/// <summary>What was verified of the trails, and what is wrong with them.</summary>
/// <param name="Accounts">How many trails were looked at.</param>
/// <param name="Events">How many events they have.</param>
sealed record AuditReport(long Accounts, long Events, long Findings);

/// <summary>Something that nobody who has the keys has written.</summary>
sealed record AuditFinding(string UserId, string What)
{
    public override string ToString() => $"{UserId}: {What}";
}

/// <summary>Goes through all audit trails and recomputes what links them: finds what was edited, deleted, added or moved.</summary>
sealed class AuditVerification(ISqlEngine engine, AuditChain chain)
{
    /// <summary>Where in a row of <see cref="AuditSql.Trail"/> it says how the trail ends, and how it begins.</summary>
    const int End = AuditRows.Width + 2;
    const int Beginning = End + 4;

    /// <param name="only">The account to verify; null for all.</param>
    public async Task<AuditReport> VerifyAsync(string? only, Action<AuditFinding> report, CancellationToken ct)
    {
        var total = new AuditReport(0, 0, 0);
        for (var userId = only ?? await FindNextAsync("", ct); userId is not null; userId = only is null ? await FindNextAsync(userId, ct) : null)
        {
            var (isThere, events, findings) = await VerifyTrailAsync(userId, ct);
            if (!isThere)
                continue;
            foreach (var finding in findings)
                report(new AuditFinding(userId, finding));
            total = new AuditReport(total.Accounts + 1, total.Events + events, total.Findings + findings.Count);
        }

        return total;
    }

    Task<string?> FindNextAsync(string after, CancellationToken ct) => engine.ReadAsync(
        new SqlStatement(AuditSql.NextUser, ("@after", after)), reader => reader.Read() && !reader.IsDBNull(0) ? reader.GetString(0) : null, ct);

    Task<(bool IsThere, long Events, List<string> Findings)> VerifyTrailAsync(string userId, CancellationToken ct) =>
        engine.ReadAsync(new SqlStatement(AuditSql.Trail, ("@user_id", userId)), reader => Verify(userId, reader), ct);

    (bool IsThere, long Events, List<string> Findings) Verify(string userId, DbDataReader reader)
    {
        var findings = new List<string>();
        TrailMark? end = null;
        var place = TrailMark.Start;
        var events = 0L;
        var (isFirst, isThere) = (true, false);
        while (reader.Read())
        {
            if (isFirst)
            {
                end = Mark(reader, End, userId, "the end of the trail", findings);
                place = Mark(reader, Beginning, userId, "the beginning of the trail", findings) ?? place;
                isThere = end is not null || place != TrailMark.Start || !reader.IsDBNull(0);
                isFirst = false;
            }

            if (reader.IsDBNull(0))
                break;

            var e = AuditRows.Read(reader);
            var (link, keyId) = (reader.GetFieldValue<byte[]>(AuditRows.Width), reader.GetString(AuditRows.Width + 1));
            var isLink = chain.IsLink(link, keyId, userId, place.Link, place.Events + 1, e);
            if (isLink is null)
                findings.Add($"event {e.Id} cannot be verified: its key '{keyId}' is not among Countersign:Keys");
            else if (isLink == false)
                findings.Add($"event {e.Id} is not what was written, or what stood before it is missing or was moved");
            // Goes on from what stands there, so that each break is told once.
            place = new TrailMark(place.Events + 1, link);
            events++;
        }

        if (end is null && events > 0)
            findings.Add($"there are {events} events, and no account that says where they end");
        else if (end is not null && end.Events != place.Events)
            findings.Add($"the trail has {place.Events} events, counted from its beginning, and should have {end.Events}");
        else if (end is not null && !end.Equals(place))
            findings.Add("the last event is not the one that the trail ended with");
        return (isThere, events, findings);
    }

    /// <summary>Four columns: events, link, seal, key. Null where there is none.</summary>
    TrailMark? Mark(DbDataReader reader, int column, string userId, string what, List<string> findings)
    {
        if (reader.IsDBNull(column))
            return null;

        var mark = new TrailMark(reader.GetInt64(column), reader.GetFieldValue<byte[]>(column + 1));
        var keyId = reader.GetString(column + 3);
        var isSeal = chain.IsSeal(reader.GetFieldValue<byte[]>(column + 2), keyId, userId, mark);
        if (isSeal is null)
            findings.Add($"{what} cannot be verified: its key '{keyId}' is not among Countersign:Keys");
        else if (isSeal == false)
            findings.Add($"{what} was altered");
        return mark;
    }
}
