using Countersign.Support;

namespace Countersign.Server.Console;

/// <summary>The page that the console begins with: what happened lately, in all accounts.</summary>
static class ActivityEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("", (Delegate)ShowAsync);

    static async Task<IResult> ShowAsync(HttpContext http, ActivityFigures figures, TimeProvider clock)
    {
        var span = ActivitySpan.Of(http.Request.Query["span"]);
        var now = clock.GetUtcNow();
        var (from, to) = span.Around(now);
        var report = await figures.ReadAsync(from, to, http.RequestAborted);
        return ConsolePage.Of<ActivityPage, ActivityModel>("Activity", new ActivityModel(span, ActivityBucket.Of(report, span), report, now)) with { Section = "activity" };
    }
}

/// <summary>How far the charts go back, and how much of it one step of them is.</summary>
sealed record ActivitySpan(string Name, string Label, TimeSpan Length, TimeSpan Step, string StepLabel)
{
    public static readonly ActivitySpan Day = new("24h", "24 hours", TimeSpan.FromHours(24), TimeSpan.FromHours(1), "hour");

    public static readonly IReadOnlyList<ActivitySpan> All =
    [
        Day,
        new("7d", "7 days", TimeSpan.FromDays(7), TimeSpan.FromHours(6), "6 hours"),
        new("30d", "30 days", TimeSpan.FromDays(30), TimeSpan.FromDays(1), "day"),
    ];

    public static ActivitySpan Of(string? name) => All.FirstOrDefault(span => span.Name == name) ?? Day;

    /// <summary>Whole steps, the last of which is the one that is going on.</summary>
    public (DateTimeOffset From, DateTimeOffset To) Around(DateTimeOffset now)
    {
        var to = new DateTimeOffset((now.UtcTicks / Step.Ticks * Step.Ticks) + Step.Ticks, TimeSpan.Zero);
        return (to - Length, to);
    }
}

/// <summary>What happened within a step of a chart.</summary>
/// <param name="EmailDelivery">How long 95 of 100 took at most, in the slowest hour of the step; null where none was handed over.</param>
sealed record ActivityBucket(
    DateTimeOffset Start, long Issued, long Redeemed, long Refused, long Emails, long Sms, long Failed, TimeSpan? EmailDelivery, TimeSpan? SmsDelivery, decimal? Spend)
{
    public static IReadOnlyList<ActivityBucket> Of(ActivityReport report, ActivitySpan span) =>
        [.. report.Hours.GroupBy(hour => hour.Start.UtcTicks / span.Step.Ticks).Select(Of)];

    static ActivityBucket Of(IEnumerable<ActivityHour> step)
    {
        var hours = step.ToList();
        return new ActivityBucket(
            hours[0].Start,
            hours.Sum(hour => hour.Issued),
            hours.Sum(hour => hour.Redeemed),
            hours.Sum(hour => hour.Refused),
            hours.Sum(hour => hour.EmailsSent),
            hours.Sum(hour => hour.SmsSent),
            hours.Sum(hour => hour.Failed),
            hours.Max(hour => hour.EmailDelivery?.Percentile95),
            hours.Max(hour => hour.SmsDelivery?.Percentile95),
            hours.Exists(hour => hour.SmsSpend is not null) ? hours.Sum(hour => hour.SmsSpend ?? 0) : null);
    }
}

sealed record ActivityModel(ActivitySpan Span, IReadOnlyList<ActivityBucket> Buckets, ActivityReport Report, DateTimeOffset Now)
{
    public long Sum(Func<ActivityBucket, long> of) => Buckets.Sum(of);

    public decimal? Spend => Report.Currency is null ? null : Buckets.Sum(bucket => bucket.Spend ?? 0);
}
