using Countersign.Bench.Load;

namespace Countersign.Bench.Scenarios;

/// <summary>The account, as its owner sees it.</summary>
sealed class ReadScenario() : EndlessScenario("read")
{
    protected override void Write(Session session, RequestBuffer buffer, int place) => session.Wire.Read(buffer, session.Sample.RequesterAt(place));
}
