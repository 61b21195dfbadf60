namespace Countersign.Server;

/// <summary>What is not logged, whatever the configured levels.</summary>
static class LogFilters
{
    /// <summary>Has the URL of every request with its query string, in which an address may stand.</summary>
    const string Requests = "Microsoft.AspNetCore.Hosting.Diagnostics";

    /// <summary>Quotes the request line or the header that cannot be read.</summary>
    const string BadRequests = "Microsoft.AspNetCore.Server.Kestrel.BadRequests";

    /// <summary>Has every statement at Information, and in its errors the values that a constraint has refused.</summary>
    const string Statements = "Npgsql.Command";

    /// <summary>Says why a start failed, with a stack trace; <see cref="Program"/> says it in a line.</summary>
    const string Host = "Microsoft.Extensions.Hosting.Internal.Host";

    /// <summary>The framework says that a level is none, and not of what.</summary>
    public static void CheckLogLevels(this IConfiguration configuration)
    {
        var logging = configuration.GetSection("Logging");
        var levels = logging.GetChildren().Prepend(logging).Select(provider => provider.GetSection("LogLevel"));
        foreach (var level in levels.SelectMany(section => section.GetChildren()))
        {
            if (level.Value is { Length: > 0 } text && !Enum.GetNames<LogLevel>().Contains(text, StringComparer.OrdinalIgnoreCase))
                throw new SettingException($"{level.Path} is '{text}'; it is one of {string.Join(", ", Enum.GetNames<LogLevel>())}.");
        }
    }

    public static void AddFirmFilters(this ILoggingBuilder logging) =>
        logging.Services.AddOptions<LoggerFilterOptions>().PostConfigure<IServiceProvider>((filters, provider) =>
        {
            // Not asked for before the first message: the lifetime logs itself.
            var lifetime = new Lazy<IHostApplicationLifetime>(provider.GetRequiredService<IHostApplicationLifetime>);
            bool IsAllowed(string? category, LogLevel level) => category switch
            {
                Requests => level >= LogLevel.Warning,
                BadRequests => false,
                Statements => false,
                Host => lifetime.Value.ApplicationStarted.IsCancellationRequested,
                _ => true,
            };

            // Every rule gets the filter, because any may be the one that decides: a configured one can be made more specific than another.
            var rules = filters.Rules.Prepend(new LoggerFilterRule(null, null, filters.MinLevel, null)).ToList();
            filters.Rules.Clear();
            foreach (var rule in rules)
            {
                filters.Rules.Add(new LoggerFilterRule(rule.ProviderName, rule.CategoryName, rule.LogLevel, (name, category, level) =>
                    IsAllowed(category, level) && (rule.Filter is null || rule.Filter(name, category, level))));
            }
        });
}
