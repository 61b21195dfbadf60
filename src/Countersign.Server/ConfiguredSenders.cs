using System.Globalization;

namespace Countersign.Server;

/// <summary>The senders that the configuration names.</summary>
static class ConfiguredSenders
{
    const string Email = "Countersign:Email";
    const string Sms = "Countersign:Sms";

    public static CountersignBuilder AddConfiguredSenders(this CountersignBuilder builder, IConfiguration configuration)
    {
        if (Only(configuration.GetSection(Email), "Smtp").Exists())
            builder.AddSmtp();
        AddSms(builder, Only(configuration.GetSection(Sms), "Providers"));
        return builder;
    }

    /// <summary>What else stands there is unknown: a misspelt sender would be one that is not there.</summary>
    static IConfigurationSection Only(IConfigurationSection section, string name)
    {
        foreach (var child in section.GetChildren())
        {
            if (!child.Key.Equals(name, StringComparison.OrdinalIgnoreCase))
                throw Unknown(child);
        }

        return section.GetSection(name);
    }

    static void AddSms(CountersignBuilder builder, IConfigurationSection section)
    {
        var providers = section.GetChildren()
            .Select(provider => (Section: provider, Number: Number(provider)))
            .OrderBy(provider => provider.Number);
        foreach (var (provider, _) in providers)
            AddSmsProvider(builder, provider);
    }

    static void AddSmsProvider(CountersignBuilder builder, IConfigurationSection provider)
    {
        var kind = provider["Kind"];
        if (!IsKind(kind, "Twilio") && !IsKind(kind, "Webhook"))
            throw new SettingException($"{provider.Path}:Kind is {(kind is null ? "missing" : $"'{kind}'")}; it is Twilio or Webhook.");

        foreach (var child in provider.GetChildren().Where(child => !IsKind(child.Key, "Kind") && !IsKind(child.Key, kind!)))
        {
            throw IsKind(child.Key, "Twilio") || IsKind(child.Key, "Webhook")
                ? new SettingException($"{child.Path} is set, and {provider.Path}:Kind is {kind}. A provider is of one kind.")
                : Unknown(child);
        }

        if (IsKind(kind, "Twilio"))
            builder.AddTwilio(provider.GetSection("Twilio"));
        else
            builder.AddSmsWebhook(provider.GetSection("Webhook"));
    }

    static bool IsKind(string? text, string kind) => kind.Equals(text, StringComparison.OrdinalIgnoreCase);

    /// <summary>Providers are tried in the order of their numbers.</summary>
    static int Number(IConfigurationSection provider) =>
        int.TryParse(provider.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new SettingException($"{provider.Path} is no setting: providers are numbered, from {Sms}:Providers:0 on.");

    static SettingException Unknown(IConfigurationSection section) => new(UnknownSettings.Error(section.Path));
}
