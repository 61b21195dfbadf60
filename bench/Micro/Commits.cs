using BenchmarkDotNet.Attributes;
using Countersign.Domain;
using Countersign.PostgreSql;
using Countersign.Stores;
using NpgsqlTypes;

namespace Countersign.Bench.Micro;

/// <summary>The statements of a commit, up to the database: rows, sealed messages and linked events.</summary>
public class Commits
{
    readonly MemoryEngine engine = new();
    readonly IAccountStore store;
    readonly Commit issue;
    readonly Commit redeem = Sample.Commit(Sample.Redeem().Change!);
    readonly IReadOnlyList<SqlStatement> statementsOfIssue;

    /// <summary>A server would be asked for them: which they are makes no difference to what is allocated.</summary>
    readonly Dictionary<string, IReadOnlyDictionary<string, NpgsqlDbType>> types;

    public Commits()
    {
        store = engine.Store();
        var decision = Sample.Issue(Sample.Draw("531975"));
        issue = Sample.Commit(Limits.Apply(
            decision, Demand.Issue, Sample.ChangingAntiPhishing, Sample.Account, Sample.Limits(decision.Change!), Sample.Rules.Limits, Sample.Now, out _).Change!);
        Sample.Require(StatementsOfIssue(), "an issue is committed.");
        statementsOfIssue = engine.Committed;
        types = statementsOfIssue.DistinctBy(statement => statement.Text).ToDictionary(
            statement => statement.Text,
            IReadOnlyDictionary<string, NpgsqlDbType> (statement) => statement.Parameters.ToDictionary(parameter => parameter.Name, _ => NpgsqlDbType.Text));
    }

    [GlobalSetup]
    public void Check()
    {
        // The account, the token, two messages, an event, two limits.
        Sample.Require(statementsOfIssue.Count == 7, $"an issue is committed, in {statementsOfIssue.Count} statements.");
        Sample.Require(StatementsOfRedeem() && engine.Committed.Count > statementsOfIssue.Count, "a redemption is committed.");
    }

    [Benchmark]
    public bool StatementsOfIssue() => store.TryCommitAsync(issue, CancellationToken.None).GetAwaiter().GetResult();

    [Benchmark]
    public bool StatementsOfRedeem() => store.TryCommitAsync(redeem, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>The statements of an issue as Npgsql takes them.</summary>
    [Benchmark]
    public object NpgsqlCommandsOfIssue()
    {
        object last = this;
        foreach (var statement in statementsOfIssue)
            last = PreparedText.Of(statement).ToCommand(statement, text => types[text]);
        return last;
    }
}
