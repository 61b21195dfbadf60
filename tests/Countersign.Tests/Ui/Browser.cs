using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Countersign.Tests.Ui.Browser))]

namespace Countersign.Tests.Ui;

/// <summary>
/// The Chromium of this machine, which reaches nothing but this machine: started by the first test that opens a page, one for all of them. Its shell without windows draws and runs what
/// the other does, for half of the CPU.
/// </summary>
public sealed class Browser : IAsyncDisposable
{
    /// <summary>Longer than a page needs, and than Playwright waits by itself: on a machine that is busy elsewhere, a browser starts in seconds.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    readonly Lazy<Task<(IPlaywright Driver, IBrowser Chromium)>> started = new(StartAsync);

    public async Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions options)
    {
        var context = await (await started.Value).Chromium.NewContextAsync(options);
        context.SetDefaultTimeout((float)Patience.TotalMilliseconds);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (!started.IsValueCreated)
            return;

        var (driver, chromium) = await started.Value;
        await chromium.DisposeAsync();
        driver.Dispose();
    }

    static async Task<(IPlaywright Driver, IBrowser Chromium)> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
        var driver = await Playwright.CreateAsync();
        try
        {
            return (driver, await driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = Find("chromium-headless-shell"),
                ChromiumSandbox = false,
                Timeout = (float)Patience.TotalMilliseconds,
                Args =
                [
                    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                ],
            }));
        }
        catch
        {
            driver.Dispose();
            throw;
        }
    }

    static string Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"There is no {program} on the PATH. ./test installs it.");
}
