using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Hosting;

static class FakeClock
{
    /// <summary>
    /// It is later, and no timer has run meanwhile: for days, of which <see cref="FakeTimeProvider.Advance"/> would live through every second that a server looks for messages in.
    /// </summary>
    public static void Leap(this FakeTimeProvider clock, TimeSpan by) => clock.AdjustTime(clock.GetUtcNow() + by);
}
