using System.Globalization;

namespace Countersign.Server.Console;

/// <summary>What is drawn of the figures.</summary>
static class ActivityCharts
{
    public static IEnumerable<Chart> Of(ActivityModel model)
    {
        yield return New(model, "codes", "Codes", "codes", Whole, Line("Sent", b => b.Issued), Line("Entered", b => b.Redeemed), Line("Refused", b => b.Refused));
        yield return New(model, "messages", "Messages", "messages", Whole, Line("Emails", b => b.Emails), Line("SMS", b => b.Sms), Line("Not delivered", b => b.Failed));
        yield return New(
            model, "delivery", "Delivery time of 95 %", "or less", Seconds,
            Line("Email", b => b.EmailDelivery?.TotalSeconds), Line("SMS", b => b.SmsDelivery?.TotalSeconds));
        if (model.Report.Currency is { } currency)
            yield return New(model, "spend", $"SMS spend, {currency}", currency, Money, Line("SMS spend", b => (double?)b.Spend));
    }

    public static string Money(double amount) => amount.ToString("N2", CultureInfo.InvariantCulture);

    static Chart New(
        ActivityModel model, string id, string title, string unit, Func<double, string> format, params (string Name, Func<ActivityBucket, double?> Of)[] lines) => new(
        id, title, unit, [.. model.Buckets.Select(bucket => bucket.Start)],
        [.. lines.Select(line => new ChartSeries(line.Name, [.. model.Buckets.Select(line.Of)]))],
        format, model.Span.Step >= TimeSpan.FromDays(1));

    static (string, Func<ActivityBucket, double?>) Line(string name, Func<ActivityBucket, double?> of) => (name, of);

    static string Whole(double count) => ConsoleWords.Count((long)Math.Round(count));

    static string Seconds(double seconds) => seconds switch
    {
        0 => "0 s",
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:0} ms"),
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s"),
        _ => ConsoleWords.Span(TimeSpan.FromSeconds(seconds)),
    };
}
