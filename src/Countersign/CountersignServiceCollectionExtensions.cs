using Countersign.Delivery;
using Countersign.Delivery.Events;
using Countersign.Domain;
using Countersign.Http;
using Countersign.Stores;
using Countersign.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Countersign;

/// <summary>What chooses Countersign's store and senders.</summary>
public sealed class CountersignBuilder(IServiceCollection services)
{
    public IServiceCollection Services => services;
}

public static class CountersignServiceCollectionExtensions
{
    /// <summary>
    /// Adds Countersign, configured by the section <c>Countersign</c>. It needs a store (<c>UseSqlite</c>) and a sender for each channel
    /// (<see cref="AddSender{TSender}"/>, or <see cref="AddDevelopmentInbox"/>).
    /// </summary>
    public static CountersignBuilder AddCountersign(this IServiceCollection services, Action<CountersignOptions>? configure = null)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Telemetry>();

        services.AddSingleton<IValidateOptions<CountersignOptions>, CountersignOptionsValidator>();
        services.AddSingleton<IValidateOptions<CountersignOptions>, StrictProfile>();
        services.AddSingleton<IValidateOptions<CountersignOptions>, UnknownSettings>();
        services.AddSingleton<IConfigureOptions<CountersignOptions>>(provider => Unreadable<CountersignOptions>(provider, CountersignOptions.Section));
        var options = services.AddOptions<CountersignOptions>().BindConfiguration(CountersignOptions.Section).ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);
        services.AddSingleton<LiveOptions>();
        services.AddCors();
        services.AddSingleton<IConfigureOptions<CorsOptions>, BrowserAccess>();

        services.AddSingleton(provider => new TokenCodes(Keys(provider.GetRequiredService<IOptions<CountersignOptions>>().Value)));
        services.AddSingleton<StoreClock>();
        services.AddSingleton<Database>();
        services.AddSingleton<StoreMemory>();
        services.AddSingleton<Outbox>();
        services.AddSingleton<EventQueue>();
        services.AddSingleton<ExpiredRows>();
        services.AddSingleton<ActivityCount>();
        services.AddSingleton<AuditChain>();
        services.AddSingleton<AuditRetention>();
        services.AddSingleton<AuditVerification>();
        services.AddSingleton<AuditExport>();
        services.TryAddSingleton<IAccountStore, SqlAccountStore>();
        services.AddSingleton(TemplateCheck.Load);
        services.AddSingleton(provider => new Templates(
            provider.GetRequiredService<IOptions<CountersignOptions>>().Value, provider.GetRequiredService<TemplateSet>));
        services.AddSingleton<SenderRoutes>();
        services.AddSingleton<SendQueue>();
        services.AddSingleton<HandOff>();
        services.AddSingleton<Housekeeping>();
        services.AddSingleton<OutboxDispatcher>();
        services.AddSingleton<OperatorOutbox>();
        services.AddSingleton(provider => new AccountSecurity(
            provider.GetRequiredService<IAccountStore>(),
            provider.GetRequiredService<TokenCodes>(),
            provider.GetRequiredService<LiveOptions>(),
            provider.GetRequiredService<OutboxDispatcher>(),
            provider.GetRequiredService<Telemetry>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<CaseReading>();
        services.AddSingleton<AccountSupport>();
        services.AddSingleton<ActivityFigures>();
        services.AddSingleton<StepUpCheck>();
        services.AddSingleton<Api>();
        services.AddSingleton<HoldStatement>();

        services.AddSingleton<IValidateOptions<SenderOptions>, SenderCheck>();
        services.AddOptions<SenderOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<TemplateOptions>, TemplateCheck>();
        services.AddOptions<TemplateOptions>().ValidateOnStart();

        services.AddServiceClient(EventPublisher.Client);

        services.AddOptions<HostOptions>().PostConfigure<IConfiguration>(ShutdownTime.Allow);

        // In this order: the schema is there, then messages are sent.
        services.AddHostedService<SchemaStartup>();
        services.AddHostedService<ClockWatch>();
        services.AddHostedService(provider => provider.GetRequiredService<OutboxDispatcher>());
        services.AddHostedService<EventPublisher>();
        services.AddHealthChecks().AddCheck<StoreHealthCheck>("store");
        return new CountersignBuilder(services);
    }

    /// <summary>Adds a sender. Those of a channel are tried in the order in which they were added.</summary>
    public static CountersignBuilder AddSender<TSender>(this CountersignBuilder builder) where TSender : class, IMessageSender
    {
        builder.Services.AddSingleton<IMessageSender, TSender>();
        return builder;
    }

    /// <summary>
    /// The options of a sender, from a section of the configuration. They are validated at start, and a setting in the section that no property of
    /// <typeparamref name="TOptions"/> reads stops it.
    /// </summary>
    /// <param name="section">The path of the section, such as <c>Countersign:Email:Smtp</c>.</param>
    public static OptionsBuilder<TOptions> AddSenderOptions<TOptions>(this CountersignBuilder builder, string section) where TOptions : class
    {
        builder.Services.AddSingleton<IValidateOptions<TOptions>>(provider =>
            new UnknownSettings<TOptions>(Options.DefaultName, provider.GetRequiredService<IConfiguration>().GetSection(section)));
        builder.Services.AddSingleton<IConfigureOptions<TOptions>>(provider => Unreadable<TOptions>(provider, section));
        return builder.Services.AddOptions<TOptions>().BindConfiguration(section).ValidateOnStart();
    }

    /// <summary>
    /// Keeps the messages of every channel that has no other sender in the store, where <see cref="CountersignEndpoints.MapCountersignDevelopment"/>
    /// shows them. Outside Development the process does not start with it.
    /// </summary>
    public static CountersignBuilder AddDevelopmentInbox(this CountersignBuilder builder)
    {
        builder.Services.AddSingleton<DevelopmentInbox>();
        foreach (var channel in Enum.GetValues<KeyType>())
        {
            builder.Services.AddSingleton<IMessageSender>(provider =>
                new DevelopmentInboxSender(channel, provider.GetRequiredService<DevelopmentInbox>()));
        }

        return builder;
    }

    /// <summary>In Development, where no keys are configured, makes one on first start and keeps it in a file in <paramref name="directory"/>.</summary>
    public static CountersignBuilder UseDevelopmentKeys(this CountersignBuilder builder, string directory)
    {
        builder.Services.AddSingleton<IPostConfigureOptions<CountersignOptions>>(provider =>
            new DevelopmentKeys(provider.GetRequiredService<IHostEnvironment>(), directory));
        return builder;
    }

    static UnreadableSettings<TOptions> Unreadable<TOptions>(IServiceProvider provider, string section) where TOptions : class =>
        new(Options.DefaultName, () => provider.GetRequiredService<IConfiguration>().GetSection(section));

    static List<TokenKey> Keys(CountersignOptions options) => options.Keys
        .Select(key => CountersignOptionsValidator.TryDecode(key.Value, out var value)
            ? new TokenKey(key.Id, value)
            : throw new InvalidOperationException("The keys were not validated."))
        .ToList();
}
