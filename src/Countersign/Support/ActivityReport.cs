namespace Countersign.Support;

/// <summary>What happened in some hours, each of them there, the oldest first.</summary>
/// <param name="CountedUntil">What happened after this is not in it yet; a few minutes ago, as a rule.</param>
/// <param name="Currency">Of <see cref="ActivityHour.SmsSpend"/>, such as EUR; null where no price is set, and there is no spend.</param>
sealed record ActivityReport(IReadOnlyList<ActivityHour> Hours, DateTimeOffset CountedUntil, string? Currency);

/// <summary>What happened within an hour.</summary>
/// <param name="Start">On the hour, UTC.</param>
/// <param name="Refused">Wrong codes, and requests that were refused for another reason.</param>
/// <param name="Failed">Messages that died.</param>
/// <param name="EmailDelivery">How long emails took; null where none was handed over.</param>
/// <param name="SmsSpend">By the prices that are set now; null where none is.</param>
sealed record ActivityHour(
    DateTimeOffset Start,
    long Issued,
    long Redeemed,
    long Refused,
    long EmailsSent,
    long SmsSent,
    long Failed,
    DeliveryTime? EmailDelivery,
    DeliveryTime? SmsDelivery,
    decimal? SmsSpend);

/// <summary>From the commit of a message to its hand-off: half of them took no longer than the median, 95 of 100 no longer than the other.</summary>
sealed record DeliveryTime(TimeSpan Median, TimeSpan Percentile95);
