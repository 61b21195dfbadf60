using Countersign.Stores;
using Microsoft.Extensions.Options;

namespace Countersign.Server;

/// <summary>A setting that was left out, or that cannot be.</summary>
sealed class SettingException(string message) : Exception(message);

/// <summary>What an operator can mend is said in a line each, without a stack trace.</summary>
static class StartupErrors
{
    /// <summary>Null where the exception is a defect rather than a matter of configuration.</summary>
    public static IEnumerable<string>? Explain(Exception exception)
    {
        var reasons = exception switch
        {
            OptionsValidationException invalid => invalid.Failures,
            AggregateException several when several.InnerExceptions.All(inner => inner is OptionsValidationException) =>
                several.InnerExceptions.Cast<OptionsValidationException>().SelectMany(invalid => invalid.Failures),
            // The configuration binder: it names the setting, and what it cannot be read as.
            InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" } unreadable => [unreadable.Message],
            SettingException or SchemaTooNewException or IOException => [exception.Message],
            _ => null,
        };
        return reasons?.Select(reason => $"Countersign does not start: {reason}");
    }
}
