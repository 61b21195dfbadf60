using System.Net.Sockets;
using Countersign.Stores;
using Microsoft.Extensions.Options;

namespace Countersign.Server;

/// <summary>A setting that was left out, or that cannot be.</summary>
sealed class SettingException(string message) : Exception(message);

/// <summary>What an operator can mend is said in a line each, without a stack trace.</summary>
static class StartupErrors
{
    /// <summary>
    /// Everything that is checked on start, at once: the host would do the same, but stop at the first service that cannot be made for lack of
    /// its settings.
    /// </summary>
    public static void CheckSettings(this WebApplication app) => app.Services.GetRequiredService<IStartupValidator>().Validate();

    /// <summary>Null where the exception is a defect rather than a matter of configuration.</summary>
    public static IEnumerable<string>? Explain(Exception exception) =>
        Reasons(exception)?.Distinct().Select(reason => $"Countersign does not start: {reason}");

    static IEnumerable<string>? Reasons(Exception exception) => exception switch
    {
        OptionsValidationException invalid => invalid.Failures,
        AggregateException several when several.InnerExceptions.All(inner => Reasons(inner) is not null) =>
            several.InnerExceptions.SelectMany(inner => Reasons(inner)!),
        // These name the setting, and what is wrong with it.
        InvalidOperationException
        {
            Source: "Microsoft.Extensions.Configuration.Binder" or "Microsoft.AspNetCore.Authentication.JwtBearer" or "Microsoft.AspNetCore.Server.Kestrel.Core",
        } => [exception.Message],
        InvalidOperationException { Source: "Microsoft.Extensions.Logging.Configuration" } => [$"Logging cannot be used. {exception.Message}"],
        // Of a settings file that is no JSON, where and why is said inside.
        InvalidDataException => [$"{exception.Message} {exception.InnerException?.InnerException?.Message ?? exception.InnerException?.Message}".Trim()],
        FormatException { Source: "Microsoft.AspNetCore.Http" } => [$"urls cannot be used. {exception.Message}"],
        SettingException or SchemaTooNewException or IOException or UnauthorizedAccessException or SocketException => [exception.Message],
        _ => null,
    };
}
