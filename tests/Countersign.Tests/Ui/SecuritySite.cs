using System.Globalization;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Ui;

/// <summary>A server on PostgreSQL, and a team's page of another origin that it allows. One for all tests of a class, each of which has users of its own.</summary>
public sealed class SecuritySite : IAsyncLifetime, IAsyncDisposable
{
    /// <summary>Mail to such an address is refused for good.</summary>
    public const string Refusing = "@refusing.example";

    static int people;

    TestServer? server;
    TeamPage? page;

    internal TestServer Server => server!;

    internal TeamPage Page => page!;

    public ValueTask InitializeAsync() => InitializeAsync(clock: null);

    internal static async Task<SecuritySite> StartAsync(params string[] settings)
    {
        var site = new SecuritySite();
        await site.InitializeAsync(clock: null, settings);
        return site;
    }

    /// <summary>With a clock that stands still until the test moves it, and that the browser is told.</summary>
    internal static async Task<SecuritySite> StartWithClockAsync(params string[] settings)
    {
        var site = new SecuritySite();
        await site.InitializeAsync(new FakeTimeProvider(DateTimeOffset.UtcNow), settings);
        return site;
    }

    async ValueTask InitializeAsync(FakeTimeProvider? clock, params string[] settings)
    {
        page = await TeamPage.StartAsync();
        server = await TestServer.StartAsync(new TestServer.Setup
        {
            Settings =
            [
                $"ConnectionStrings:PostgreSql={await SharedPostgres.NewSchemaAsync()};Maximum Pool Size=10",
                $"Countersign:AllowedOrigins:0={page.Origin}",
                "Countersign:Limits:WrongTriesPerToken=3", "Countersign:Limits:WrongTriesPerDay=5",
                .. settings,
            ],
            Clock = clock,
            Configure = builder =>
            {
                builder.Services.AddSingleton<IMessageSender, PickyMail>();
                builder.Services.AddSingleton<IStartupFilter>(provider => new DateFilter(provider.GetRequiredService<TimeProvider>()));
            },
        });
        page.Server = server.Url;
    }

    /// <summary>Somebody whom no other test knows.</summary>
    /// <param name="profile">Of the account, for an email and a phone number.</param>
    internal async Task<Person> PersonAsync(Func<Person, object> profile)
    {
        var number = Interlocked.Increment(ref people);
        var person = new Person(this, $"user{number}", $"alice{number}@example.com", string.Create(CultureInfo.InvariantCulture, $"+120255{number:00000}"));
        await Server.UserWithAsync(profile(person), person.UserId);
        return person;
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        if (page is not null)
            await page.DisposeAsync();
    }

    /// <summary>The development inbox, but for an address that is refused.</summary>
    sealed class PickyMail(DevelopmentInbox inbox) : IMessageSender
    {
        public KeyType Channel => KeyType.Email;

        public async Task<SendResult> SendAsync(OutgoingMessage message, CancellationToken ct)
        {
            if (message.Destination.Value.EndsWith(Refusing, StringComparison.Ordinal))
                return new SendResult(SendStatus.Rejected, "no such mailbox");
            await inbox.KeepAsync(message, ct);
            return SendResult.Accepted;
        }
    }

    /// <summary>What the browser counts down by is the clock of the server, also where a test has made it up.</summary>
    sealed class DateFilter(TimeProvider clock) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (http, handle) =>
            {
                http.Response.Headers.Date = clock.GetUtcNow().ToString("R", CultureInfo.InvariantCulture);
                await handle();
            });
            next(app);
        };
    }
}

/// <summary>A user of a site, with the addresses that are hers.</summary>
sealed record Person(SecuritySite Site, string UserId, string Email, string Phone)
{
    public string NewEmail => Email.Replace("@example.com", "@example.org", StringComparison.Ordinal);

    public string NewPhone => $"{Phone}9";

    public TestUser User => Site.Server.User(UserId);

    public Task<Answer> AccountAsync() => User.AccountAsync();

    public async Task<int> EventsAsync(string type) =>
        (await Http.Verbs.EventsAsync(Site.Server, UserId)).Count(e => e.GetProperty("type").GetString() == type);
}
