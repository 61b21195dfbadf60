using System.Data.Common;

namespace Countersign.Bench.Systems;

/// <summary>What the product's tables say, on either database.</summary>
static class ProductLedger
{
    public static ILedger On(DbConnection connection) => new SqlLedger(connection)
    {
        Changes = "SELECT COUNT(*) FROM audit_events WHERE type IN ('anti_phishing_code_set', 'user_key_changed')",
        // Unix milliseconds of each, separated by spaces.
        WrongGuesses = "SELECT CAST(COALESCE(SUM(LENGTH(wrong_tries) - LENGTH(REPLACE(wrong_tries, ' ', '')) + 1), 0) AS BIGINT) FROM guess_budgets WHERE wrong_tries <> ''",
        // What is due later was put there by the bench.
        Unsettled = "SELECT COUNT(*) FROM outbox WHERE state = 'QUEUED' AND due_at <= {0}",
    };
}
