using System.Collections;
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

        var errors = section().GetChildren().SelectMany(child => Errors(child, typeof(T))).ToList();
        if (errors.Count > 0)
            throw new OptionsValidationException(name ?? "", typeof(T), errors);
    }

    static IEnumerable<string> Errors(IConfigurationSection section, Type owner)
    {
        var property = owner.GetProperty(section.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
        // What no property reads is found by UnknownSettings.
        return property is null ? [] : ErrorsOf(section, property.PropertyType);
    }

    static IEnumerable<string> ErrorsOf(IConfigurationSection section, Type type)
    {
        var inner = Nullable.GetUnderlyingType(type) ?? type;
        if (inner == typeof(string) || inner.IsPrimitive || inner.IsEnum || inner == typeof(TimeSpan))
            return section.Value is not { Length: > 0 } text || Form(inner, text) is not { } form ? [] : [$"{section.Path} is '{text}'; it is {form}."];
        if (section.Value is { Length: > 0 } value)
            return [$"{section.Path} is '{value}', and has no value of its own: what is set is below it, such as {section.Path}:{Below(inner)}."];
        if (typeof(IEnumerable).IsAssignableFrom(inner))
            return section.GetChildren().SelectMany(item => ErrorsOf(item, inner.GetGenericArguments()[0]));
        return section.GetChildren().SelectMany(child => Errors(child, inner));
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
        if (type == typeof(int))
            return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? null : "a whole number";
        return null;
    }

    static string Below(Type type) => typeof(IEnumerable).IsAssignableFrom(type) ? "0" : type.GetProperties(BindingFlags.Public | BindingFlags.Instance)[0].Name;
}
