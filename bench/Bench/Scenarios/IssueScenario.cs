using Countersign.Bench.Load;

namespace Countersign.Bench.Scenarios;

/// <summary>A token to the current email.</summary>
sealed class IssueScenario() : EndlessScenario("issue")
{
    protected override void Write(Session session, RequestBuffer buffer, int place) => session.Wire.Issue(buffer, session.Sample.RequesterAt(place));
}
