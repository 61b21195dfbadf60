using System.Diagnostics;

namespace Countersign.Tests.Stores;

static class Eventually
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(5);
    static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Waits for what the product does after its answer.</summary>
    public static Task ThatAsync(Func<bool> condition, string expected) => ThatAsync(() => Task.FromResult(condition()), expected);

    public static async Task ThatAsync(Func<Task<bool>> condition, string expected, TimeSpan? patience = null) =>
        Assert.True(await ComesAboutAsync(condition, patience ?? Patience), $"It did not come about that {expected}.");

    /// <summary>It looks less and less often: to look all the time would slow down what is waited for.</summary>
    public static async Task<bool> ComesAboutAsync(Func<Task<bool>> condition, TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed >= patience)
                return false;
            var pause = ShortestPause + (clock.Elapsed / 10);
            await Task.Delay(pause < LongestPause ? pause : LongestPause);
        }

        return true;
    }
}
