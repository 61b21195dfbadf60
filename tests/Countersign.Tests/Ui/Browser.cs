using Microsoft.Playwright;

namespace Countersign.Tests.Ui;

/// <summary>The chromium of this machine, which reaches nothing but this machine. One for all tests of a class.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>Longer than a page needs, and than Playwright waits by itself: on a machine that is busy elsewhere, a browser starts in seconds.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    IPlaywright? playwright;
    IBrowser? browser;

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout((float)Patience.TotalMilliseconds);
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Find("chromium"),
            ChromiumSandbox = false,
            Timeout = (float)Patience.TotalMilliseconds,
            Args =
            [
                "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        });
    }

    public async Task<IBrowserContext> NewContextAsync(BrowserNewContextOptions options)
    {
        var context = await browser!.NewContextAsync(options);
        context.SetDefaultTimeout((float)Patience.TotalMilliseconds);
        return context;
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
        playwright?.Dispose();
    }

    static string Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"There is no {program} on the PATH. ./test installs it.");
}
