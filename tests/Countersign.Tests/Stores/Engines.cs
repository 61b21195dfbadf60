using System.Collections.Concurrent;
using System.Data.Common;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

/// <summary>An engine that passes everything on: what the others below begin with.</summary>
abstract class PassingEngine(ISqlEngine engine) : ISqlEngine, IAsyncDisposable
{
    public virtual Task MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken ct) => engine.MigrateAsync(migrations, ct);

    public virtual Task<long> FindSchemaVersionAsync(CancellationToken ct) => engine.FindSchemaVersionAsync(ct);

    public virtual Task<DateTimeOffset?> FindClockAsync(CancellationToken ct) => engine.FindClockAsync(ct);

    public virtual Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
        engine.ReadAsync(statement, read, ct);

    public virtual Task<(TFirst First, TSecond Second)> ReadBothAsync<TFirst, TSecond>(
        SqlStatement first, Func<DbDataReader, TFirst> readFirst, SqlStatement second, Func<DbDataReader, TSecond> readSecond, CancellationToken ct) =>
        engine.ReadBothAsync(first, readFirst, second, readSecond, ct);

    public virtual Task<T> WriteAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
        engine.WriteAsync(statement, read, ct);

    public virtual Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct) =>
        engine.TryCommitAsync(statements, ct);

    public async ValueTask DisposeAsync()
    {
        if (engine is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}

/// <summary>Remembers what was asked of it, and can be told to fail.</summary>
sealed class RecordingEngine(ISqlEngine engine) : PassingEngine(engine)
{
    readonly ConcurrentQueue<string> statements = [];

    public IReadOnlyCollection<string> Statements => statements;

    /// <summary>Throws what the statement is to fail with; asked before it runs.</summary>
    public Action<string> Before { get; set; } = _ => { };

    public int Count(string text) => statements.Count(text.Equals);

    public void Clear() => statements.Clear();

    public override async Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct)
    {
        Before(statement.Text);
        var result = await base.ReadAsync(statement, read, ct);
        statements.Enqueue(statement.Text);
        return result;
    }

    public override async Task<(TFirst First, TSecond Second)> ReadBothAsync<TFirst, TSecond>(
        SqlStatement first, Func<DbDataReader, TFirst> readFirst, SqlStatement second, Func<DbDataReader, TSecond> readSecond, CancellationToken ct)
    {
        Before(first.Text);
        var result = await base.ReadBothAsync(first, readFirst, second, readSecond, ct);
        statements.Enqueue(first.Text);
        statements.Enqueue(second.Text);
        return result;
    }

    public override async Task<T> WriteAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct)
    {
        Before(statement.Text);
        var result = await base.WriteAsync(statement, read, ct);
        statements.Enqueue(statement.Text);
        return result;
    }

    public override async Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> texts, CancellationToken ct)
    {
        Before(texts[0].Text);
        var isWon = await base.TryCommitAsync(texts, ct);
        foreach (var statement in texts)
            statements.Enqueue(statement.Text);
        return isWon;
    }
}

/// <summary>A seeded fault: every statement that it applies to is run in another wording.</summary>
sealed class RewritingEngine(ISqlEngine engine, Func<string, string> rewrite, Action applied) : PassingEngine(engine)
{
    public override Task MigrateAsync(IReadOnlyList<Migration> migrations, CancellationToken ct) =>
        base.MigrateAsync([.. migrations.Select(migration => migration with { Sql = Rewrite(migration.Sql) })], ct);

    public override Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
        base.ReadAsync(Rewrite(statement), read, ct);

    public override Task<(TFirst First, TSecond Second)> ReadBothAsync<TFirst, TSecond>(
        SqlStatement first, Func<DbDataReader, TFirst> readFirst, SqlStatement second, Func<DbDataReader, TSecond> readSecond, CancellationToken ct) =>
        base.ReadBothAsync(Rewrite(first), readFirst, Rewrite(second), readSecond, ct);

    public override Task<T> WriteAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
        base.WriteAsync(Rewrite(statement), read, ct);

    public override Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct) =>
        base.TryCommitAsync([.. statements.Select(Rewrite)], ct);

    SqlStatement Rewrite(SqlStatement statement) => statement with { Text = Rewrite(statement.Text) };

    string Rewrite(string text)
    {
        var rewritten = rewrite(text);
        if (rewritten != text)
            applied();
        return rewritten;
    }
}

/// <summary>
/// Runs all statements of a commit whatever the first one did, as a batch on a server does. There the condition on each of the others is all
/// that stops a lost commit.
/// </summary>
sealed class AsOneBatch(ISqlEngine engine) : PassingEngine(engine)
{
    public override async Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct)
    {
        if (statements[0].Text == ActivitySql.MoveOn)
            return await base.TryCommitAsync([EngineFaults.Touch, .. statements], ct) && await ReadAsync(new SqlStatement(Counted, statements[0].Parameters), reader => reader.Read(), ct);
        if (statements[0].Text is not (AccountSql.Update or AccountSql.Insert))
            return await base.TryCommitAsync(statements, ct);

        var isStored = await base.TryCommitAsync([EngineFaults.Touch, .. statements], ct);
        var row = await ReadAsync(new SqlStatement(Row, statements[0].Parameters), reader => reader.Read() ? reader.GetInt64(0) : (long?)null, ct);
        var erases = statements[^1].Text == AccountSql.Erase[^1];
        return isStored && row == (erases ? null : 1);
    }

    const string Counted = "SELECT 1 FROM activity_progress WHERE commit_id = @commit_id";

    /// <summary>1 where the account is this commit's, 0 where it is another's, no row where it is gone.</summary>
    const string Row = "SELECT CASE WHEN commit_id = @commit_id THEN 1 ELSE 0 END FROM accounts WHERE user_id = @user_id";
}

/// <summary>A seeded fault: each statement is a transaction of its own.</summary>
sealed class WithoutTransaction(ISqlEngine engine, Action applied) : PassingEngine(engine)
{
    public override async Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct)
    {
        if (!await base.TryCommitAsync([statements[0]], ct))
            return false;

        var isWon = true;
        foreach (var statement in statements.Skip(1))
        {
            applied();
            isWon &= await base.TryCommitAsync([EngineFaults.Touch, statement], ct);
        }

        return isWon;
    }
}

/// <summary>A seeded fault: nobody looks at the row count.</summary>
sealed class WithoutRowCount(ISqlEngine engine, Action applied) : PassingEngine(engine)
{
    public override async Task<bool> TryCommitAsync(IReadOnlyList<SqlStatement> statements, CancellationToken ct)
    {
        if (!await base.TryCommitAsync(statements, ct))
            applied();
        return true;
    }
}

static class EngineFaults
{
    /// <summary>Touches a row, and changes none.</summary>
    public static readonly SqlStatement Touch = new("UPDATE schema_versions SET version = version");
}
