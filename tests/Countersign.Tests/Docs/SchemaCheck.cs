using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Countersign.Tests.Docs;

/// <summary>Holds a value against a schema of the OpenAPI document: as much of JSON Schema as the document uses.</summary>
static class SchemaCheck
{
    public static IReadOnlyList<string> Errors(JsonNode document, JsonNode schema, JsonNode? value) => [.. Check(document, schema, value, "answer")];

    public static JsonNode Resolve(JsonNode document, JsonNode node) =>
        (string?)node["$ref"] is { } reference ? reference.Split('/').Skip(1).Aggregate(document, (found, part) => found[part]!) : node;

    static IEnumerable<string> Check(JsonNode document, JsonNode unresolved, JsonNode? value, string name)
    {
        var schema = Resolve(document, unresolved);
        var types = schema["type"] is JsonArray several ? several.Select(type => (string)type!) : [(string)schema["type"]!];
        if (!types.Contains(TypeOf(value)))
            return [$"{name} is of another type"];

        return value switch
        {
            JsonObject members => CheckMembers(document, schema, members),
            JsonArray items => items.SelectMany(item => Check(document, schema["items"]!, item, name)),
            not null when value.GetValueKind() == JsonValueKind.String => CheckText(schema, (string)value!, name),
            _ => [],
        };
    }

    static IEnumerable<string> CheckMembers(JsonNode document, JsonNode schema, JsonObject members)
    {
        var missing = (schema["required"]?.AsArray() ?? []).Where(member => !members.ContainsKey((string)member!)).Select(member => $"{member} is missing");
        return missing.Concat(members.SelectMany(member =>
            (schema["properties"]?[member.Key] ?? schema["additionalProperties"]) is { } described
                ? Check(document, described, member.Value, member.Key)
                : [$"{member.Key} is not described"]));
    }

    static IEnumerable<string> CheckText(JsonNode schema, string text, string name)
    {
        if (schema["enum"] is JsonArray values && !values.Any(known => (string?)known == text))
            yield return $"{name} is {text}";
        if ((string?)schema["pattern"] is { } pattern && !Regex.IsMatch(text, pattern))
            yield return $"{name} does not match {pattern}";
        if ((string?)schema["format"] == "date-time" && !DateTimeOffset.TryParseExact(text, ["yyyy-MM-ddTHH:mm:ssZ", "yyyy-MM-ddTHH:mm:ss.fffZ"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _))
            yield return $"{name} is no time";
    }

    static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.Number => "integer",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => "string",
    };
}
