using System.Data.Common;
using Countersign.Stores;

namespace Countersign.PostgreSql;

/// <summary>A statement that somebody waits for to be read.</summary>
abstract class WaitingRead(SqlStatement statement)
{
    public SqlStatement Statement => statement;

    /// <summary>Whether it is known what became of it.</summary>
    public abstract bool IsOver { get; }

    /// <summary>Reads the rows, and all that follows up to those of the next statement: an error may come after them.</summary>
    /// <param name="reader">Is before the first row.</param>
    public abstract Task ReadAsync(DbDataReader reader);

    public abstract void Fail(Exception e);
}

/// <param name="read">What it throws, is of its own making and for its caller alone, unless the database is to blame.</param>
sealed class WaitingRead<T>(SqlStatement statement, Func<DbDataReader, T> read) : WaitingRead(statement)
{
    readonly TaskCompletionSource<T> result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Result => result.Task;

    public override bool IsOver => result.Task.IsCompleted;

    public override async Task ReadAsync(DbDataReader reader)
    {
        T? found = default;
        Exception? thrown = null;
        try
        {
            found = read(reader);
        }
        catch (Exception e) when (e is not DbException && !PostgreSqlErrors.IsUnavailable(e))
        {
            thrown = e;
        }

        await reader.NextResultAsync();
        if (thrown is null)
            result.TrySetResult(found!);
        else
            result.TrySetException(thrown);
    }

    public override void Fail(Exception e) => result.TrySetException(e);
}
