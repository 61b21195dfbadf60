using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Countersign.Tests.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Hosting;

/// <summary>The server as it is shipped, on Kestrel and a socket of its own, with a database in a folder of its own.</summary>
sealed class TestServer : IAsyncDisposable
{
    readonly WebApplication app;
    readonly TestFolder folder;
    readonly bool ownsFolder;

    TestServer(WebApplication app, TestFolder folder, bool ownsFolder, FakeTimeProvider? clock)
    {
        this.app = app;
        this.folder = folder;
        this.ownsFolder = ownsFolder;
        Clock = clock;
        Url = new Uri(app.Urls.First());
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = 256 }) { BaseAddress = Url };
    }

    public static IReadOnlyList<string> NoLimitsOverAllAccounts { get; } =
    [
        "Countersign:Limits:Recipient:Sms:TenMinutes=0", "Countersign:Limits:Recipient:Sms:Day=0", "Countersign:Limits:Recipient:Email:TenMinutes=0",
        "Countersign:Limits:Recipient:Email:Day=0", "Countersign:Limits:Sms:PrefixDay=0", "Countersign:Limits:Sms:CountryDay=0", "Countersign:Limits:Sms:Day=0",
        "Countersign:Limits:Sms:RedeemedPercent=0",
    ];

    public Uri Url { get; }

    public HttpClient Http { get; }

    /// <summary>Where the server was given a clock that stands still until a test moves it.</summary>
    public FakeTimeProvider? Clock { get; }

    public IServiceProvider Services => app.Services;

    /// <summary>Which issuing answer a code was read for.</summary>
    public ConcurrentDictionary<string, Answer> AnswerOf { get; } = new();

    public static Task<TestServer> StartAsync(params string[] settings) => StartAsync(new Setup { Settings = settings });

    public static async Task<TestServer> StartAsync(Setup setup)
    {
        var folder = setup.Folder ?? new TestFolder();
        // No pause between issues, no limit over all accounts and no notice of a request, unless a test asks for one: most tests are about something else.
        string[] defaults =
        [
            "Countersign:Limits:ResendAfter:Email=00:00:00", "Countersign:Limits:ResendAfter:Sms=00:00:00", "Countersign:Limits:IssuesPerHour=1000",
            .. NoLimitsOverAllAccounts, "Countersign:Messages:NotifyRequests=false",
            // A clock that a test has made up is not the database's, and is right all the same.
            .. setup.Clock is null ? Array.Empty<string>() : ["Countersign:Clock:MaxSkew=00:00:00"],
        ];
        string[] fixedSettings =
        [
            // To watch the files of settings is a fifth of a start: where a test changes one, it asks for it.
            "urls=http://127.0.0.1:0", "environment=Development", "hostBuilder:reloadConfigOnChange=false", .. await TestStore.SettingsAsync(folder),
        ];
        var args = fixedSettings.Concat(defaults).Concat(setup.Settings).Select(setting => $"--{setting}").ToArray();

        var app = Countersign.Server.Program.Build(args, builder =>
        {
            builder.Logging.ClearProviders();
            if (setup.Clock is not null)
                builder.Services.AddSingleton<TimeProvider>(setup.Clock);
            setup.Configure?.Invoke(builder);
        });
        await app.StartAsync();
        return new TestServer(app, folder, setup.Folder is null, setup.Clock);
    }

    public TestUser User(string userId = "alice") => new(this, userId, scope: null);

    public TestUser Service() => new(this, "platform", "countersign.accounts");

    public TestUser Operator() => new(this, "operator", "countersign.operator");

    /// <summary>A user whose account the platform has made, with keys that it has verified.</summary>
    public async Task<TestUser> UserWithAsync(object profile, string userId = "alice")
    {
        var put = await Service().PutAsync($"/api/v1/admin/accounts/{userId}", profile);
        Assert.Equal(201, put.Status);
        return User(userId);
    }

    public async Task<string> BearerAsync(string userId, string? scope)
    {
        var response = await Http.PostAsJsonAsync("/dev/token", scope is null ? new { userId } : new { userId, scope } as object);
        response.EnsureSuccessStatusCode();
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        return body.GetProperty("accessToken").GetString()!;
    }

    /// <summary>The messages to an address, newest first.</summary>
    public async Task<List<InboxItem>> InboxAsync(string? destination = null)
    {
        var query = destination is null ? "" : $"?destination={Uri.EscapeDataString(destination)}";
        return (await Http.GetFromJsonAsync<List<InboxItem>>($"/dev/inbox{query}"))!;
    }

    /// <summary>Waits until the inbox holds what a test expects; messages are sent after the answer.</summary>
    public async Task<InboxItem> MessageAsync(string destination, Func<InboxItem, bool> expected)
    {
        InboxItem? found = null;
        if (await Eventually.ComesAboutAsync(
            async () => (found = (await InboxAsync(destination)).FirstOrDefault(expected)) is not null, TimeSpan.FromSeconds(10)))
            return found!;

        var there = (await InboxAsync()).Select(item => $"{item.Destination}: {item.Text}");
        throw new TimeoutException($"No such message to {destination} within 10 seconds. There is:\n{string.Join("\n---\n", there)}");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        if (ownsFolder)
            folder.Dispose();
    }

    public sealed record Setup
    {
        public string[] Settings { get; init; } = [];
        public FakeTimeProvider? Clock { get; init; }

        /// <summary>A folder that outlives the server, for tests that start another on it.</summary>
        public TestFolder? Folder { get; init; }
        public Action<WebApplicationBuilder>? Configure { get; init; }
    }
}

/// <summary>One message of <c>GET /dev/inbox</c>.</summary>
sealed record InboxItem(
    string Channel, string Destination, string? Subject, string Text, string? Html, string? OneTimeToken, string? Reference, DateTimeOffset SentAt);

/// <summary>A folder that goes with the test.</summary>
sealed class TestFolder : IDisposable
{
    readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("countersign-test-");

    public string Path => directory.FullName;

    public string File(string name) => System.IO.Path.Combine(directory.FullName, name);

    public void Dispose() => directory.Delete(recursive: true);
}
