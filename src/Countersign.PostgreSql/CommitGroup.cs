using Countersign.Stores;
using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>
/// Commits that become one transaction of as many statements as one of them has: each statement is carried out for all. Which of them have won is for the
/// first to say, as it is for one alone; the others ask for the commit that they belong to.
/// </summary>
sealed class CommitGroup
{
    readonly List<WaitingCommit> members = [];
    readonly HashSet<string> rows = new(StringComparer.Ordinal);

    /// <summary>The texts of all members, in an order that is the order of each.</summary>
    readonly List<string> texts = [];

    public IReadOnlyList<WaitingCommit> Members => members;

    /// <summary>
    /// Whether commits such as this one can share a transaction: each of its statements can be carried out for many, and the first says whose it is.
    /// </summary>
    public static bool CanHave(IReadOnlyList<SqlStatement> statements) =>
        statements[0].Row is not null && statements.All(statement => GroupText.CanBe(statement.Text));

    /// <summary>False where it has to go with another group: it writes a row that a member writes, or in another order.</summary>
    /// <param name="commit">Begins with the same text as the members.</param>
    public bool TryAdd(WaitingCommit commit)
    {
        if (commit.Statements.Any(statement => statement.Row is { } row && rows.Contains(row)) || !TryMerge(commit.Statements))
            return false;

        rows.UnionWith(commit.Statements.Select(statement => statement.Row).OfType<string>());
        members.Add(commit);
        return true;
    }

    /// <summary>Carries them all out. The numbers of the members that have won.</summary>
    public async Task<IReadOnlySet<int>> ExecuteAsync(NpgsqlConnection connection)
    {
        // In one order for all nodes, so that no two groups wait for each other.
        members.Sort((one, other) => string.CompareOrdinal(one.Statements[0].Row, other.Statements[0].Row));
        await using var batch = PostgreSqlEngine.Batch(connection);
        foreach (var text in texts)
        {
            var statements = members.SelectMany(member => member.Statements).Where(statement => statement.Text == text).ToList();
            if (statements[0].Text != texts[0])
                statements.Sort((one, other) => string.CompareOrdinal(one.Row, other.Row));
            batch.BatchCommands.Add(GroupText.Of(text, connection).ToCommand(statements, returnsOrdinals: text == texts[0]));
        }

        var won = new HashSet<int>();
        await using var reader = await batch.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            won.Add((int)reader.GetInt64(0) - 1);
        while (await reader.NextResultAsync())
        {
            // To the end: an error may come after the rows.
        }

        return won;
    }

    bool TryMerge(IReadOnlyList<SqlStatement> statements)
    {
        var merged = new List<string>(texts);
        var place = 0;
        foreach (var text in statements.Select(statement => statement.Text).Distinct())
        {
            var known = merged.IndexOf(text);
            if (known >= 0 && known < place)
                return false;
            if (known < 0)
                merged.Insert(known = place, text);
            place = known + 1;
        }

        texts.Clear();
        texts.AddRange(merged);
        return true;
    }
}

/// <summary>Statements that somebody waits for to be committed.</summary>
sealed class WaitingCommit(IReadOnlyList<SqlStatement> statements)
{
    public IReadOnlyList<SqlStatement> Statements => statements;

    public TaskCompletionSource<bool> IsWon { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
