using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Countersign.Smtp;

/// <summary>A misspelt setting would be one that does not hold: what no option reads stops the start, by its name.</summary>
sealed class UnknownSmtpSettings(IConfiguration configuration) : IValidateOptions<SmtpOptions>
{
    public ValidateOptionsResult Validate(string? name, SmtpOptions options)
    {
        var errors = Unknown(configuration.GetSection(SmtpOptions.Section), typeof(SmtpOptions))
            .Select(path => $"{path} is no setting. Settings are listed in docs/configuration.md.")
            .ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    static IEnumerable<string> Unknown(IConfigurationSection section, Type owner) => section.GetChildren().SelectMany(child =>
        owner.GetProperty(child.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase) is { } property
            ? Unknown(child, property.PropertyType)
            : [child.Path]);
}
