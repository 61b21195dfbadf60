using Countersign.Delivery;
using Countersign.Delivery.Sms;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Countersign;

/// <summary>Senders of SMS over HTTP. Each call adds one; they are tried in the order in which they were added.</summary>
public static class CountersignSmsExtensions
{
    /// <summary>
    /// Sends SMS by Twilio. Where <see cref="CountersignOptions.PublicUrl"/> is set, <see cref="CountersignEndpoints.MapCountersign"/> maps
    /// <c>/callbacks/twilio</c> for delivery receipts. Options are checked when the process starts.
    /// </summary>
    public static CountersignBuilder AddTwilio(this CountersignBuilder builder, Action<TwilioOptions> configure)
    {
        var provider = builder.Add(SmsProvider.Twilio, null);
        return builder.AddTwilio(provider, options => options.Configure(configure));
    }

    /// <param name="section">Errors name the settings by its path; a setting in it that does not exist is one.</param>
    public static CountersignBuilder AddTwilio(this CountersignBuilder builder, IConfigurationSection section)
    {
        var provider = builder.Add(SmsProvider.Twilio, section.Path);
        return builder.AddTwilio(provider, options => options.BindStrictly(section));
    }

    /// <summary>Sends SMS by a service of the operator's own, which gets a signed POST as Standard Webhooks describes it.</summary>
    public static CountersignBuilder AddSmsWebhook(this CountersignBuilder builder, Action<SmsWebhookOptions> configure)
    {
        var provider = builder.Add(SmsProvider.Webhook, null);
        return builder.AddWebhook(provider, options => options.Configure(configure));
    }

    /// <inheritdoc cref="AddTwilio(CountersignBuilder, IConfigurationSection)"/>
    public static CountersignBuilder AddSmsWebhook(this CountersignBuilder builder, IConfigurationSection section)
    {
        var provider = builder.Add(SmsProvider.Webhook, section.Path);
        return builder.AddWebhook(provider, options => options.BindStrictly(section));
    }

    static CountersignBuilder AddTwilio(this CountersignBuilder builder, SmsProvider provider, Action<OptionsBuilder<TwilioOptions>> configure)
    {
        builder.Services.TryAddSingleton<TwilioReceipts>();
        builder.Services.AddSingleton<IValidateOptions<TwilioOptions>>(new TwilioOptionsValidator(provider.OptionsName));
        configure(builder.Services.AddOptions<TwilioOptions>(provider.OptionsName).ValidateOnStart());
        builder.Services.AddSingleton<IMessageSender>(services => new TwilioSender(
            provider.Name,
            services.GetRequiredService<IOptionsMonitor<TwilioOptions>>().Get(provider.OptionsName),
            services.GetRequiredService<IOptions<CountersignOptions>>().Value.PublicUrl is { Length: > 0 } url ? new Uri(url) : null,
            services.GetRequiredService<IHttpClientFactory>(),
            services.GetRequiredService<TimeProvider>()));
        return builder;
    }

    static CountersignBuilder AddWebhook(this CountersignBuilder builder, SmsProvider provider, Action<OptionsBuilder<SmsWebhookOptions>> configure)
    {
        builder.Services.AddSingleton<IValidateOptions<SmsWebhookOptions>>(new SmsWebhookOptionsValidator(provider.OptionsName));
        configure(builder.Services.AddOptions<SmsWebhookOptions>(provider.OptionsName).ValidateOnStart());
        builder.Services.AddSingleton<IMessageSender>(services => new WebhookSender(
            provider.Name,
            services.GetRequiredService<IOptionsMonitor<SmsWebhookOptions>>().Get(provider.OptionsName),
            services.GetRequiredService<IHttpClientFactory>(),
            services.GetRequiredService<TimeProvider>()));
        return builder;
    }

    static SmsProvider Add(this CountersignBuilder builder, string kind, string? optionsName)
    {
        var before = builder.Services.Count(service => service.ImplementationInstance is SmsProvider other && other.Kind == kind);
        var name = before == 0 ? kind : $"{kind}-{before + 1}";
        var provider = new SmsProvider(kind, name, optionsName ?? name);
        builder.Services.AddSingleton(provider);
        builder.Services.AddServiceClient(name);
        return provider;
    }

    static void BindStrictly<T>(this OptionsBuilder<T> options, IConfigurationSection section) where T : class
    {
        options.Services.AddSingleton<IConfigureOptions<T>>(new UnreadableSettings<T>(options.Name, () => section));
        options.Services.AddSingleton<IValidateOptions<T>>(new UnknownSettings<T>(options.Name, section));
        options.Bind(section);
    }
}
