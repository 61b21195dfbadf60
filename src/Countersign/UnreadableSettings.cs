using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Countersign;

/// <summary>
/// Looks at the text of settings before they are bound. The binder says what type a text is not, and takes some that mean something else: <c>15</c> as a
/// time is 15 days, and <c>1</c> as an enumeration is whatever comes second.
/// </summary>
sealed class UnreadableSettings<T>(string? optionsName, Func<IConfigurationSection> section) : IConfigureNamedOptions<T> where T : class
{
    public void Configure(T options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, T options)
    {
        if (name != optionsName)
            return;

        // What no property reads is found by UnknownSettings.
        var errors = SettingTree.Below(section(), typeof(T)).Select(found => found.Type is null ? null : Error(found.Setting, found.Type)).OfType<string>().ToList();
        if (errors.Count > 0)
            throw new OptionsValidationException(name ?? "", typeof(T), errors);
    }

    static string? Error(IConfigurationSection setting, Type type)
    {
        if (setting.Value is not { Length: > 0 } text)
            return null;
        if (type == typeof(string) || type.IsPrimitive || type.IsEnum || type == typeof(TimeSpan) || type == typeof(decimal))
            return Form(type, text) is { } form ? $"{setting.Path} is '{text}'; it is {form}." : null;
        return $"{setting.Path} is '{text}', and has no value of its own: what is set is below it, such as {setting.Path}:{Below(type)}.";
    }

    /// <summary>What the text should be; null where it is.</summary>
    static string? Form(Type type, string text)
    {
        if (type == typeof(bool))
            return bool.TryParse(text, out _) ? null : "true or false";
        if (type == typeof(TimeSpan))
        {
            var isTime = text == "0" || (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _));
            return isTime ? null : "a time as hours:minutes:seconds, such as 00:30:00, or days.hours:minutes:seconds";
        }

        if (type.IsEnum)
            return Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase) ? null : $"one of {string.Join(", ", Enum.GetNames(type))}";
        if (type == typeof(decimal))
        {
            // The binder would take 0,075 for 75: a comma is between thousands, wherever it stands.
            return decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _) ? null : "a number such as 0.075";
        }

        if (type == typeof(int))
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? null : "a whole number";
        return null;
    }

    static string Below(Type type) => SettingTree.IsList(type) ? "0" : type.GetProperties(BindingFlags.Public | BindingFlags.Instance)[0].Name;
}
