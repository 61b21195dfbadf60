namespace Countersign.Stores;

/// <summary>The statements of <see cref="ActivityCount"/>, and of those who read what it has counted.</summary>
static class ActivitySql
{
    /// <summary>Up to when it is counted, and when the first thing happened that is not.</summary>
    public const string Progress =
        """
        SELECT p.counted_until,
          (SELECT MIN(e.at) FROM audit_events e WHERE e.at >= p.counted_until),
          (SELECT MIN(o.finished_at) FROM outbox o WHERE o.finished_at >= p.counted_until)
        FROM activity_progress p
        """;

    /// <summary>Touches no row where another node has counted meanwhile.</summary>
    public const string MoveOn =
        "UPDATE activity_progress SET counted_until = @to, commit_id = @commit_id WHERE counted_until = @counted_until";

    /// <summary>What a user was refused: that something could not be done for an operator, or for the platform, is another matter.</summary>
    public const string CountEvents =
        $"""
        INSERT INTO activity (hour, measure, detail, total)
        SELECT at - at % 3600000, CASE type WHEN 'token_issued' THEN 'issued' WHEN 'token_redeemed' THEN 'redeemed' ELSE 'refused' END, '', COUNT(*)
        FROM audit_events
        WHERE at >= @from AND at < @to AND type IN ('token_issued', 'token_redeemed', 'token_refused', 'request_refused')
          AND (type <> 'request_refused' OR actor = user_id) AND {Won}
        GROUP BY 1, 2
        {OnTop}
        """;

    /// <summary>The steps are those of <see cref="Support.DeliverySteps"/>.</summary>
    public const string CountMessages =
        $"""
        INSERT INTO activity (hour, measure, detail, total)
        SELECT finished_at - finished_at % 3600000,
          CASE WHEN state = 'DEAD' THEN 'failed' WHEN channel = 'EMAIL' THEN 'email' ELSE 'sms' END,
          CASE WHEN state = 'DEAD' THEN ''
            WHEN finished_at - created_at <= 50 THEN '50'
            WHEN finished_at - created_at <= 100 THEN '100'
            WHEN finished_at - created_at <= 200 THEN '200'
            WHEN finished_at - created_at <= 500 THEN '500'
            WHEN finished_at - created_at <= 1000 THEN '1000'
            WHEN finished_at - created_at <= 2000 THEN '2000'
            WHEN finished_at - created_at <= 5000 THEN '5000'
            WHEN finished_at - created_at <= 10000 THEN '10000'
            WHEN finished_at - created_at <= 20000 THEN '20000'
            WHEN finished_at - created_at <= 60000 THEN '60000'
            WHEN finished_at - created_at <= 300000 THEN '300000'
            WHEN finished_at - created_at <= 1800000 THEN '1800000'
            ELSE 'more' END,
          COUNT(*)
        FROM outbox
        WHERE finished_at >= @from AND finished_at < @to AND state IN ('SENT', 'DEAD') AND {Won}
        GROUP BY 1, 2, 3
        {OnTop}
        """;

    public const string CountCountries =
        $"""
        INSERT INTO activity (hour, measure, detail, total)
        SELECT finished_at - finished_at % 3600000, 'sms_country', country, SUM(segments)
        FROM outbox
        WHERE finished_at >= @from AND finished_at < @to AND state = 'SENT' AND segments IS NOT NULL AND {Won}
        GROUP BY 1, 3
        {OnTop}
        """;

    public const string Read =
        "SELECT hour, measure, detail, total FROM activity WHERE hour >= @from AND hour < @to ORDER BY hour, measure, detail";

    public const string Forget =
        """
        DELETE FROM activity WHERE (hour, measure, detail) IN (
          SELECT hour, measure, detail FROM activity WHERE hour < @before LIMIT @limit)
        """;

    /// <summary>An hour is counted bit by bit.</summary>
    const string OnTop = "ON CONFLICT (hour, measure, detail) DO UPDATE SET total = activity.total + excluded.total";

    const string Won = "EXISTS (SELECT 1 FROM activity_progress WHERE commit_id = @commit_id)";
}
