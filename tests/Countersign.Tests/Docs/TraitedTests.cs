using System.Reflection;

namespace Countersign.Tests.Docs;

/// <summary>The tests that carry a trait: what the pages about security are made of.</summary>
static class TraitedTests
{
    /// <summary>For each value of a trait the tests that have it, as <c>Http.ReplayTests: A sentence</c>.</summary>
    public static ILookup<string, string> By(string trait) => typeof(TraitedTests).Assembly.GetTypes()
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Where(method => method.IsDefined(typeof(FactAttribute)))
        .SelectMany(method => method.GetCustomAttributes<TraitAttribute>().Select(attribute => (attribute.Name, attribute.Value, Test: Shown(method))))
        .Where(item => item.Name == trait)
        .OrderBy(item => item.Test, StringComparer.Ordinal)
        .ToLookup(item => item.Value, item => item.Test);

    static string Shown(MethodInfo method) =>
        $"{method.DeclaringType!.FullName![$"{nameof(Countersign)}.{nameof(Tests)}.".Length..]}: {method.Name.Replace('_', ' ')}";
}
