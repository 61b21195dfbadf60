using Countersign.Stores;
using Npgsql;

namespace Countersign.PostgreSql;

/// <summary>
/// Commits that become one transaction of as many statements as there are texts among them: each statement is carried out for all that have it. Which of the
/// commits have won is for the first statement of each to say, as it is for one alone. Mostly all have: then nobody asks again. Else it is the others that ask.
/// </summary>
sealed class CommitGroup
{
    readonly List<WaitingCommit> members = [];
    readonly HashSet<string> rows = new(StringComparer.Ordinal);

    /// <summary>The texts of all members, in an order that is the order of each.</summary>
    readonly List<string> texts = [];

    /// <summary>Those that a member begins with.</summary>
    readonly HashSet<string> decides = new(StringComparer.Ordinal);

    public IReadOnlyList<WaitingCommit> Members => members;

    /// <summary>
    /// Whether commits such as this one can share a transaction: each of its statements can be carried out for many, and the first says whose it is.
    /// </summary>
    public static bool CanHave(IReadOnlyList<SqlStatement> statements) =>
        statements[0].Row is not null && statements.All(statement => GroupText.CanBe(statement.Text));

    /// <summary>False where it has to go with another group: it writes a row that a member writes, or in another order.</summary>
    public bool TryAdd(WaitingCommit commit)
    {
        if (commit.Statements.Any(statement => statement.Row is { } row && rows.Contains(row)) || !TryMerge(commit.Statements))
            return false;

        rows.UnionWith(commit.Statements.Select(statement => statement.Row).OfType<string>());
        members.Add(commit);
        return true;
    }

    /// <summary>Carries them all out, or nothing where one of them that has more than one statement is lost, which is an error.</summary>
    /// <returns>The members that have won.</returns>
    public Task<IReadOnlySet<WaitingCommit>> ExecuteAllAsync(NpgsqlConnection connection) => ExecuteAsync(connection, isForAll: true);

    /// <summary>Carries out those that win.</summary>
    /// <returns>Which they are.</returns>
    public Task<IReadOnlySet<WaitingCommit>> ExecuteEachAsync(NpgsqlConnection connection) => ExecuteAsync(connection, isForAll: false);

    async Task<IReadOnlySet<WaitingCommit>> ExecuteAsync(NpgsqlConnection connection, bool isForAll)
    {
        await using var batch = PostgreSqlEngine.Batch(connection);
        var won = new HashSet<WaitingCommit>();
        var answers = new List<List<WaitingCommit>>();
        foreach (var text in texts)
        {
            var (statements, decided) = Of(text);
            var isAllOrError = isForAll && decided?.Exists(member => member.IsDecision) == true;
            var form = isAllOrError ? GroupForm.AllOrError
                : decided is not null ? GroupForm.EachWithOrdinals
                : isForAll ? GroupForm.All
                : GroupForm.Each;
            batch.BatchCommands.Add(GroupText.Of(text, form, connection).ToCommand(statements));
            if (isAllOrError)
                won.UnionWith(decided!);
            if (decided is not null)
                answers.Add(isAllOrError ? [] : decided);
        }

        await using var reader = await batch.ExecuteReaderAsync();
        foreach (var decided in answers)
        {
            while (decided.Count > 0 && await reader.ReadAsync())
                won.Add(decided[(int)reader.GetInt64(0) - 1]);
            // To the end: an error may come after the rows.
            await reader.NextResultAsync();
        }

        return won;
    }

    /// <summary>In one order for all nodes, so that no two groups wait for each other.</summary>
    /// <returns>The commits that these statements decide about, one for each; null where they decide nothing.</returns>
    (List<SqlStatement> Statements, List<WaitingCommit>? Decided) Of(string text)
    {
        var first = members.FindAll(member => member.Statements[0].Text == text);
        if (first.Count > 0)
        {
            first.Sort((one, other) => string.CompareOrdinal(one.Statements[0].Row, other.Statements[0].Row));
            return (first.ConvertAll(member => member.Statements[0]), first);
        }

        var statements = new List<SqlStatement>(members.Count);
        foreach (var member in members)
        {
            foreach (var statement in member.Statements)
            {
                if (statement.Text == text)
                    statements.Add(statement);
            }
        }

        statements.Sort((one, other) => string.CompareOrdinal(one.Row, other.Row));
        return (statements, null);
    }

    bool TryMerge(IReadOnlyList<SqlStatement> statements)
    {
        var merged = new List<string>(texts);
        var first = statements[0].Text;
        var place = 0;
        foreach (var text in statements.Select(statement => statement.Text).Distinct())
        {
            var known = merged.IndexOf(text);
            // Whether it decides is the same for all that have it.
            if (known >= 0 && (known < place || decides.Contains(text) != (text == first)))
                return false;
            if (known < 0)
                merged.Insert(known = text == first ? merged.Count : place, text);
            place = known + 1;
        }

        texts.Clear();
        texts.AddRange(merged);
        decides.Add(first);
        return true;
    }
}

/// <summary>Statements that somebody waits for to be committed.</summary>
sealed class WaitingCommit(IReadOnlyList<SqlStatement> statements)
{
    public IReadOnlyList<SqlStatement> Statements => statements;

    /// <summary>Whether the first of them decides about others.</summary>
    public bool IsDecision => statements.Count > 1;

    public TaskCompletionSource<bool> IsWon { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
