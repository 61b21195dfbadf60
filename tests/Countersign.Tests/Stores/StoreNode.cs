using System.Diagnostics.Metrics;
using Countersign.Delivery;
using Countersign.Delivery.Events;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Support;
using Countersign.Tests.Delivery;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Stores;

/// <summary>Countersign without HTTP: one node on a database, wired as a host wires it. Nothing is sent before <see cref="StartAsync"/>.</summary>
sealed class StoreNode : IAsyncDisposable
{
    const string RequestRefused = "request_refused";

    readonly IHost host;
    bool isStarted;

    StoreNode(IHost host, TestClock clock)
    {
        this.host = host;
        Clock = clock;
    }

    public TestClock Clock { get; }

    public AccountSecurity Security => Get<AccountSecurity>();

    public IAccountStore Store => Get<IAccountStore>();

    /// <summary>Which remembers: <see cref="Store"/> has all load.</summary>
    public SqlAccountStore OwnStore => Get<SqlAccountStore>();

    public Database Database => Get<Database>();

    public Outbox Outbox => Get<Outbox>();

    public EventQueue Events => Get<EventQueue>();

    public OperatorOutbox Operator => Get<OperatorOutbox>();

    public AccountSupport Support => Get<AccountSupport>();

    public ActivityCount Activity => Get<ActivityCount>();

    public ActivityFigures Figures => Get<ActivityFigures>();

    public IMeterFactory Meters => Get<IMeterFactory>();

    public AuditRetention Retention => Get<AuditRetention>();

    public AuditVerification Verification => Get<AuditVerification>();

    public AuditExport Export => Get<AuditExport>();

    public TokenCodes Codes => Get<TokenCodes>();

    public RecordingEngine Engine => (RecordingEngine)Get<ISqlEngine>();

    public FakeSender Email => Sender(KeyType.Email);

    public FakeSender Sms => Sender(KeyType.PhoneNumber);

    public DevelopmentInbox Inbox => new(Get<Database>(), Codes, Clock);

    /// <summary>With the schema there, and without a pause between issues unless the settings ask for one.</summary>
    public static async Task<StoreNode> CreateAsync(TestDatabase database, Setup? setup = null)
    {
        setup ??= new Setup();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        foreach (var setting in Defaults.Concat(setup.Settings).Select(setting => setting.Split('=', 2)))
            builder.Configuration[setting[0]] = setting[1];
        builder.Services.AddSingleton<TimeProvider>(setup.Clock);
        builder.Services.AddSingleton<SqlAccountStore>();
        builder.Services.AddSingleton<IAccountStore>(provider =>
            setup.Remembers
                ? provider.GetRequiredService<SqlAccountStore>()
                : new AllLoadBeforeAnyCommits(provider.GetRequiredService<SqlAccountStore>(), provider.GetRequiredService<StoreMemory>(), setup.Gate));
        database.Use(builder.Services.AddCountersign());

        var engine = builder.Services.Last(service => service.ServiceType == typeof(ISqlEngine)).ImplementationFactory!;
        builder.Services.AddSingleton<ISqlEngine>(provider => new RecordingEngine(database.Wrap((ISqlEngine)engine(provider))));
        foreach (var channel in Enum.GetValues<KeyType>())
            builder.Services.AddSingleton<IMessageSender>(new FakeSender(channel, setup.Clock));
        if (setup.Log is not null)
            builder.Logging.AddProvider(setup.Log);

        var node = new StoreNode(builder.Build(), setup.Clock);
        await node.Get<Database>().MigrateAsync(CancellationToken.None);
        return node;
    }

    /// <summary>Starts sending; returns when all that happens every second waits for the clock.</summary>
    public async Task StartAsync()
    {
        var tickers = Clock.Tickers + 1 + (Events.IsOn ? 1 : 0) + (Get<StoreClock>().MaxSkew > TimeSpan.Zero ? 1 : 0);
        await host.StartAsync();
        isStarted = true;
        await Eventually.ThatAsync(() => Clock.Tickers == tickers, "the dispatcher, the publisher of events and the watch of the clocks wait for the clock");
    }

    /// <summary>Moves the clock by a second, or more, and waits until the dispatcher has looked at the outbox.</summary>
    public async Task PollAsync(TimeSpan? passing = null)
    {
        var polls = Engine.Count(OutboxSql.AnyDue);
        Clock.Advance(passing ?? TimeSpan.FromSeconds(1));
        await Eventually.ThatAsync(() => Engine.Count(OutboxSql.AnyDue) > polls, "the dispatcher looks at the outbox");
    }

    public async Task<Account> LoadAsync(string userId) => (await Store.LoadAsync(userId, null, CancellationToken.None)).Account!;

    /// <summary>Whose key an address is; null where it is nobody's, be it kept for somebody.</summary>
    public async Task<string?> OwnerAsync(Address address) =>
        await Store.FindOwnerAsync(address, CancellationToken.None) is { KeptUntil: null } owner ? owner.UserId : null;

    /// <param name="request">Under whose key an answer is kept.</param>
    public Task<bool> CommitAsync(Account before, Change change, string actor = "alice", RepeatableRequest? request = null)
    {
        var id = TokenCodes.NewId(Clock.Now);
        var messages = change.Messages
            .Select((message, ordinal) => QueuedMessage.New(before.UserId, message.Id ?? $"{id}-{ordinal}", message))
            .ToList();
        var by = new Caller(actor, "203.0.113.7", "tests/1.0") { Request = request };
        var answer = request is null ? null : Sample.Answer(request);
        return Store.TryCommitAsync(new Commit(before, change, id, Clock.Now, by, messages) { Answer = answer }, CancellationToken.None);
    }

    public async Task<AccountView> PutAsync(string userId, AccountProfile profile)
    {
        var put = await Security.PutAsync(new Caller("platform"), userId, profile, CancellationToken.None);
        Assert.NotNull(put.Value);
        return put.Value.Account;
    }

    /// <summary>Issues a token that must be issued, and takes its code from the outbox, where it waits.</summary>
    public async Task<TokenCode> CodeAsync(string userId, Operation operation, KeyType? keyType, Address? newKey = null)
    {
        var purpose = new Purpose(operation, keyType);
        return await CodeOfAsync(await Security.IssueAsync(new Caller(userId), userId, purpose, newKey, CancellationToken.None));
    }

    public async Task<TokenCode> CodeOfAsync(Outcome<IssuedToken> issued)
    {
        Assert.Null(issued.Refused);
        var message = Assert.Single(await QueuedAsync(), message => message.Content.Reference == issued.Value!.Reference);
        return Sample.Code(message.Content.Code!);
    }

    public async Task<List<QueuedMessage>> QueuedAsync()
    {
        const string Text = "SELECT user_id, id, sealed, attempts, expires_at FROM outbox WHERE state = 'QUEUED' ORDER BY created_at, id";
        var rows = await ReadAsync(
            Text,
            reader => new ClaimedMessage(
                reader.GetString(0), reader.GetString(1), reader.GetFieldValue<byte[]>(2), (int)reader.GetInt64(3), Clock.Now,
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(4))));
        return rows.ConvertAll(Outbox.Open);
    }

    public async Task<List<OutboxRow>> OutboxAsync()
    {
        const string Text =
            """
            SELECT id, kind, destination_masked, state, attempts, due_at, sealed IS NULL, last_error, leased_by, leased_until FROM outbox
            ORDER BY created_at, id
            """;
        return await ReadAsync(Text, reader => new OutboxRow(
            reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), (int)reader.GetInt64(4),
            DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(5)), reader.GetBoolean(6), reader.IsDBNull(7) ? null : reader.GetString(7),
            reader.IsDBNull(8) ? null : reader.GetString(8), DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(9))));
    }

    /// <summary>The types of what has changed something, oldest first.</summary>
    public async Task<List<string>> EventsAsync(string userId) =>
        [.. (await Store.ReadEventsAsync(userId, 1_000, CancellationToken.None)).Reverse().Select(e => e.Type).Where(type => type != RequestRefused)];

    public async Task<int> RefusalsAsync(string userId) =>
        (await Store.ReadEventsAsync(userId, 1_000, CancellationToken.None)).Count(e => e.Type == RequestRefused);

    public Task<List<T>> ReadAsync<T>(string text, Func<System.Data.Common.DbDataReader, T> read) =>
        Engine.ReadAsync(
            new SqlStatement(text),
            reader =>
            {
                var rows = new List<T>();
                while (reader.Read())
                    rows.Add(read(reader));
                return rows;
            },
            CancellationToken.None);

    public Task ExecuteAsync(string text, params (string, object?)[] parameters) =>
        Engine.TryCommitAsync([new SqlStatement(text, parameters)], CancellationToken.None);

    /// <summary>Stops the node as a host does that is told to end.</summary>
    public async Task StopAsync()
    {
        isStarted = false;
        await host.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (isStarted)
            await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    T Get<T>() where T : notnull => host.Services.GetRequiredService<T>();

    FakeSender Sender(KeyType channel) =>
        host.Services.GetServices<IMessageSender>().OfType<FakeSender>().Single(sender => sender.Channel == channel);

    /// <summary>Nodes of one database have the same keys.</summary>
    static readonly string[] Defaults =
    [
        "Countersign:Keys:0:Id=test", $"Countersign:Keys:0:Value={Convert.ToBase64String(Enumerable.Repeat((byte)7, TokenKey.Size).ToArray())}",
        "Countersign:Limits:ResendAfter:Email=00:00:00", "Countersign:Limits:ResendAfter:Sms=00:00:00", "Countersign:Limits:IssuesPerHour=1000",
        .. TestServer.NoLimitsOverAllAccounts,
        "Countersign:Messages:NotifyRequests=false",
        // The clock of a test is another one than the database's.
        "Countersign:Clock:MaxSkew=00:00:00",
        // The clock of a test stands still: nothing would end the wait for a sender that hangs.
        "Countersign:Delivery:DrainFor=00:00:00",
    ];

    public sealed record Setup
    {
        public TestClock Clock { get; init; } = new();
        public RaceGate Gate { get; init; } = new();

        /// <summary>It decides upon what it remembers, as a node does, and has no use for the gate.</summary>
        public bool Remembers { get; init; }
        public string[] Settings { get; init; } = [];
        public ILoggerProvider? Log { get; init; }
    }
}

sealed record OutboxRow(
    string Id, string Kind, string Destination, string State, int Attempts, DateTimeOffset DueAt, bool IsErased, string? LastError,
    string? LeasedBy, DateTimeOffset LeasedUntil);
