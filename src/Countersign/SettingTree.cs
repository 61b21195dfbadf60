using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Countersign;

/// <summary>What stands in a section of the configuration, beside the properties that read it.</summary>
static class SettingTree
{
    /// <summary>Each section and each setting below, with the type of what reads it; null where nothing does.</summary>
    public static IEnumerable<(IConfigurationSection Setting, Type? Type)> Below(IConfigurationSection section, Type owner) =>
        section.GetChildren().SelectMany(child =>
            owner.GetProperty(child.Key, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase) is { } property
                ? Of(child, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType)
                : [(child, null)]);

    public static bool IsList(Type type) => typeof(IEnumerable).IsAssignableFrom(type) && type != typeof(string);

    static IEnumerable<(IConfigurationSection Setting, Type? Type)> Of(IConfigurationSection section, Type type)
    {
        var below = IsList(type) ? section.GetChildren().SelectMany(item => Of(item, type.GetGenericArguments()[0])) : Below(section, type);
        return below.Prepend((section, type));
    }
}
