using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Countersign;

/// <summary>A setting that is misspelt would be a limit that is not there: what no option reads stops the start, by its name.</summary>
sealed class UnknownSettings(IConfiguration configuration) : IValidateOptions<CountersignOptions>
{
    /// <summary>Sections that senders read.</summary>
    static readonly string[] Elsewhere = ["Email", "Sms"];

    public ValidateOptionsResult Validate(string? name, CountersignOptions options)
    {
        var section = configuration.GetSection(CountersignOptions.Section);
        return Result(Below(section, typeof(CountersignOptions)).Except(Elsewhere.Select(key => section.GetSection(key).Path), StringComparer.OrdinalIgnoreCase));
    }

    public static ValidateOptionsResult Result(IEnumerable<string> paths)
    {
        var errors = paths.Select(Error).ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    public static string Error(string path) => $"{path} is no setting. Settings are listed in docs/configuration.md.";

    /// <summary>Paths below a section that no property of its options, or of theirs, reads.</summary>
    public static IEnumerable<string> Below(IConfigurationSection section, Type owner) =>
        SettingTree.Below(section, owner).Where(found => found.Type is null).Select(found => found.Setting.Path);
}

/// <summary>The same for the options of a sender, which are a section of their own.</summary>
sealed class UnknownSettings<T>(string? optionsName, IConfigurationSection section) : IValidateOptions<T> where T : class
{
    public ValidateOptionsResult Validate(string? name, T options) =>
        name == optionsName ? UnknownSettings.Result(UnknownSettings.Below(section, typeof(T))) : ValidateOptionsResult.Skip;
}
