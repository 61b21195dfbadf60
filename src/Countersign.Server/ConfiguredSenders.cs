namespace Countersign.Server;

/// <summary>A sender is added where its section is there.</summary>
static class ConfiguredSenders
{
    public static CountersignBuilder AddConfiguredSenders(this CountersignBuilder builder, IConfiguration configuration)
    {
        if (IsConfigured(configuration, "Email", "Smtp"))
            builder.AddSmtp();
        return builder;
    }

    /// <summary>The other sections beside it are unknown: a misspelt one would be a sender that is not there.</summary>
    static bool IsConfigured(IConfiguration configuration, string channel, string sender)
    {
        var section = configuration.GetSection($"{CountersignOptions.Section}:{channel}");
        foreach (var child in section.GetChildren())
        {
            if (!child.Key.Equals(sender, StringComparison.OrdinalIgnoreCase))
                throw new SettingException($"{child.Path} is no setting. Settings are listed in docs/configuration.md.");
        }

        return section.GetSection(sender).Exists();
    }
}
