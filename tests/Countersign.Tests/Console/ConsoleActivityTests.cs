using Countersign.Stores;
using Countersign.Tests.Hosting;
using Countersign.Tests.Ui;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Countersign.Tests.Console;

public sealed class ConsoleActivityTests(Browser browser, Operators operators) : IClassFixture<Operators>
{
    static readonly string[] Prices = ["Countersign:Delivery:SmsPrices:Currency=EUR", "Countersign:Delivery:SmsPrices:Default=0.25"];

    [Fact]
    public async Task The_console_begins_with_what_happened_as_charts_and_as_tables()
    {
        await using var site = await ConsoleSite.StartAsync(browser, operators, Prices);
        var now = DateTimeOffset.UtcNow;
        await CountAsync(site.Server, now, ("issued", "", 1_234), ("redeemed", "", 1_000), ("refused", "", 17), ("email", "500", 900), ("sms", "2000", 40), ("sms_country", "AT", 40));
        await CountAsync(site.Server, now.AddDays(-3), ("issued", "", 766), ("failed", "", 5));
        await site.GoAsync("/console");
        await site.SignInAsync();

        await Expect(site.Heading).ToHaveTextAsync("Activity");
        await Expect(Tile(site, "Codes sent")).ToHaveTextAsync("1,234");
        await Expect(Tile(site, "Entered")).ToHaveTextAsync("1,000");
        await Expect(Tile(site, "Refused")).ToHaveTextAsync("17");
        await Expect(Tile(site, "SMS spend, EUR")).ToHaveTextAsync("10.00");
        await Expect(site.Page.Locator(".chart")).ToHaveCountAsync(4);
        await Expect(site.Page.GetByRole(AriaRole.Img, new() { Name = "Codes", Exact = false }).First).ToBeVisibleAsync();
        await Axe.AssertFindsNothingAsync(site.Page, "activity");

        var codes = site.Section("Codes").First;
        await codes.Locator("summary").ClickAsync();
        await Expect(codes.Locator("tbody tr")).ToHaveCountAsync(24);
        await Expect(codes.Locator("thead th")).ToHaveTextAsync(["From", "Sent", "Entered", "Refused"]);
        await Expect(codes.Locator("tbody tr", new() { HasText = "1,234" }).Locator("td")).ToHaveTextAsync(["1,234", "1,000", "17"]);
        await Axe.AssertFindsNothingAsync(site.Page, "activity with a table");

        await site.FollowAsync("7 days");
        await Expect(Tile(site, "Codes sent")).ToHaveTextAsync("2,000");
        await Expect(Tile(site, "Not delivered")).ToHaveTextAsync("5");
        await Expect(site.Page.Locator(".spans [aria-current]")).ToHaveTextAsync("7 days");
        await site.FollowAsync("30 days");
        await Expect(site.Section("Codes").First.Locator("tbody tr")).ToHaveCountAsync(30);
        await site.Page.SetViewportSizeAsync(320, 800);
        Assert.Equal(320, await site.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        site.AssertNoComplaints();
    }

    [Fact]
    public async Task Where_nothing_happened_and_no_prices_are_set_it_says_so()
    {
        await using var server = await TestServer.StartAsync();
        using var client = await ConsoleClient.SignInAsync(server);
        var page = (await client.GetAsync("/console?span=nonsense")).Text;
        Assert.Contains("Nothing between", page, StringComparison.Ordinal);
        Assert.Contains("There is no SMS spend, because no prices are set.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.03, 0.05)]
    [InlineData(1, 1)]
    [InlineData(1.1, 2)]
    [InlineData(2, 2)]
    [InlineData(49, 50)]
    [InlineData(51, 100)]
    [InlineData(1_234, 2_000)]
    public void A_scale_ends_at_a_round_number(double highest, double top) => Assert.Equal(top, Chart(0, highest, null).Top, 9);

    [Fact]
    public void A_line_has_a_step_for_each_value_and_a_gap_where_there_is_none()
    {
        var chart = Chart(0, 1, null, 1);
        Assert.Equal("M0 158H150V2H300M450 2H600", chart.Path(chart.Series[0]));
        Assert.Equal("Codes: between 0 and 1 codes. The table below has every value.", chart.Description);
        Assert.Equal("Nothing between 23 Nov 00:00 and now.", Chart(0, 0).Description);
    }

    static Countersign.Server.Console.Chart Chart(params double?[] values) => new(
        "codes", "Codes", "codes", [.. values.Select((_, i) => new DateTimeOffset(2026, 11, 23, i, 0, 0, TimeSpan.Zero))], [new("Codes", values)],
        value => value.ToString(System.Globalization.CultureInfo.InvariantCulture), HasDaysOnly: false);

    static ILocator Tile(ConsoleSite site, string name) =>
        site.Page.Locator(".tiles > div", new() { Has = site.Page.Locator($"dt:text-is('{name}')") }).Locator("dd");

    static async Task CountAsync(TestServer server, DateTimeOffset at, params (string Measure, string Detail, long Total)[] counts)
    {
        var engine = server.Services.GetRequiredService<ISqlEngine>();
        var hour = at.ToUnixTimeMilliseconds() / 3_600_000 * 3_600_000;
        foreach (var (measure, detail, total) in counts)
        {
            await engine.WriteAsync(
                new SqlStatement(
                    "INSERT INTO activity (hour, measure, detail, total) VALUES (@hour, @measure, @detail, @total)",
                    ("@hour", hour), ("@measure", measure), ("@detail", detail), ("@total", total)),
                _ => true, TestContext.Current.CancellationToken);
        }
    }
}
