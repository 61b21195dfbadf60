using Countersign.Stores;

namespace Countersign.Support;

/// <summary>What happened over time, as it was counted from the audit trails and the outbox.</summary>
sealed class ActivityFigures(Database database, ActivityCount count, LiveOptions options, TimeProvider clock)
{
    /// <summary>What is read at once.</summary>
    public static readonly TimeSpan MaxSpan = TimeSpan.FromDays(31);

    static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>The hours from that of <paramref name="from"/> on, and before <paramref name="to"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="to"/> is not after <paramref name="from"/>, or there are more than <see cref="MaxSpan"/> between.</exception>
    /// <exception cref="StoreUnavailableException"/>
    public async Task<ActivityReport> ReadAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        if (to <= from || to - from > MaxSpan)
            throw new ArgumentException($"The figures of {MaxSpan.TotalDays:0} days at most are read at once, and of some time at least.", nameof(to));

        var start = from.ToUniversalTime();
        start -= TimeSpan.FromTicks(start.Ticks % Hour.Ticks);
        // Before what it is about: what is counted meanwhile is in it, and said to be in it or not.
        var countedUntil = await count.FindCountedUntilAsync(clock.GetUtcNow(), ct);
        var rows = await FindAsync(start, to, ct);
        var prices = options.Options.Delivery.SmsPrices;
        var hours = new List<ActivityHour>();
        for (var hour = start; hour < to; hour += Hour)
            hours.Add(Figures(hour, rows[hour], prices));
        return new ActivityReport(hours, countedUntil, prices.IsSet ? prices.Currency : null);
    }

    Task<ILookup<DateTimeOffset, Row>> FindAsync(DateTimeOffset from, DateTimeOffset to, CancellationToken ct) => database.ReadAsync(
        new SqlStatement(ActivitySql.Read, ("@from", from.ToUnixTimeMilliseconds()), ("@to", to.ToUnixTimeMilliseconds())),
        reader =>
        {
            var rows = new List<Row>();
            while (reader.Read())
                rows.Add(new Row(DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(0)), reader.GetString(1), reader.GetString(2), reader.GetInt64(3)));
            return rows.ToLookup(row => row.Hour);
        },
        ct);

    static ActivityHour Figures(DateTimeOffset hour, IEnumerable<Row> rows, SmsPriceOptions prices)
    {
        var totals = new Dictionary<string, long>();
        var (email, sms, spend) = (new DeliverySteps(), new DeliverySteps(), 0m);
        foreach (var (_, measure, detail, total) in rows)
        {
            totals[measure] = totals.GetValueOrDefault(measure) + total;
            if (measure == "email")
                email.Add(detail, total);
            else if (measure == "sms")
                sms.Add(detail, total);
            else if (measure == "sms_country")
                spend += total * prices.Of(detail);
        }

        return new ActivityHour(
            hour, totals.GetValueOrDefault("issued"), totals.GetValueOrDefault("redeemed"), totals.GetValueOrDefault("refused"),
            email.Total, sms.Total, totals.GetValueOrDefault("failed"), email.Time, sms.Time, prices.IsSet ? spend : null);
    }

    sealed record Row(DateTimeOffset Hour, string Measure, string Detail, long Total);
}
