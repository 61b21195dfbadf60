namespace Countersign.Tests.Stores;

static class Eventually
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Waits for what the product does after its answer.</summary>
    public static Task ThatAsync(Func<bool> condition, string expected) => ThatAsync(() => Task.FromResult(condition()), expected);

    public static async Task ThatAsync(Func<Task<bool>> condition, string expected, TimeSpan? patience = null)
    {
        var deadline = Environment.TickCount64 + (long)(patience ?? Patience).TotalMilliseconds;
        while (!await condition())
        {
            Assert.True(Environment.TickCount64 < deadline, $"It did not come about that {expected}.");
            await Task.Delay(5);
        }
    }
}
