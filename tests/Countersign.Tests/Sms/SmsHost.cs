using Countersign.Delivery;
using Countersign.Domain;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign.Tests.Sms;

/// <summary>The senders that a host has added, without the rest of it.</summary>
sealed class SmsHost(IHost host) : IDisposable
{
    public const string AccountSid = "AC0123456789abcdef0123456789ABCDEF";
    public const string AuthToken = "the-token-of-the-account";
    public const string From = "+15005550006";

    public IMessageSender Sender => Senders[0];

    public IReadOnlyList<IMessageSender> Senders => [.. host.Services.GetServices<IMessageSender>()];

    public SenderRoutes Routes => host.Services.GetRequiredService<SenderRoutes>();

    public static SmsHost Create(Action<CountersignBuilder> add, TimeProvider? clock = null, params string[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        builder.Configuration["Countersign:Keys:0:Id"] = "test";
        builder.Configuration["Countersign:Keys:0:Value"] = Convert.ToBase64String(new byte[32]);
        foreach (var setting in settings.Select(setting => setting.Split('=', 2)))
            builder.Configuration[setting[0]] = setting[1];
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        add(builder.Services.AddCountersign());
        return new SmsHost(builder.Build());
    }

    public static SmsHost Twilio(string url, TimeProvider? clock = null, params string[] settings) => Create(
        builder => builder.AddTwilio(twilio =>
        {
            twilio.BaseUrl = url;
            twilio.AccountSid = AccountSid;
            twilio.AuthToken = AuthToken;
            twilio.From = From;
        }),
        clock,
        settings);

    public static OutgoingMessage Message(string to = "+4915112345678", string text = "Your code is 123456 & nothing else: ü€", DateTimeOffset? expiresAt = null) =>
        new("0198a-0", "alice", Address.FromStore(KeyType.PhoneNumber, to), null, text, null, "123456", "K7Q") { ExpiresAt = expiresAt };

    public void Dispose() => host.Dispose();
}
