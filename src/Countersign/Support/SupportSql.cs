namespace Countersign.Support;

/// <summary>The statements of <see cref="AccountSupport"/>.</summary>
static class SupportSql
{
    /// <summary>Whether the trail has a look of an operator at the account already.</summary>
    public const string FindView =
        """
        SELECT 1 FROM audit_events
        WHERE user_id = @user_id AND type = 'support_viewed' AND actor = @actor AND reason = @reason AND at > @since
        LIMIT 1
        """;
}
