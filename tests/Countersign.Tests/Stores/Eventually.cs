namespace Countersign.Tests.Stores;

static class Eventually
{
    public static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(5);

    static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(25);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Waits for what the product does after its answer.</summary>
    public static Task ThatAsync(Func<bool> condition, string expected) => ThatAsync(() => Task.FromResult(condition()), expected);

    public static async Task ThatAsync(Func<Task<bool>> condition, string expected, TimeSpan? patience = null)
    {
        var deadline = Environment.TickCount64 + (long)(patience ?? Patience).TotalMilliseconds;
        var pause = ShortestPause;
        while (!await condition())
        {
            Assert.True(Environment.TickCount64 < deadline, $"It did not come about that {expected}.");
            await Task.Delay(pause);
            pause = Longer(pause);
        }
    }

    /// <summary>Before the next look: to look all the time would slow down what is waited for.</summary>
    public static TimeSpan Longer(TimeSpan pause) => pause < LongestPause ? pause * 1.5 : pause;
}
