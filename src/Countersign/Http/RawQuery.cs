using System.Net;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>
/// The query string read as RFC 3986 has it, where a bare <c>+</c> is a plus: form encoding would make a space of the plus of a phone number.
/// </summary>
static class RawQuery
{
    /// <summary>All values of a parameter, in their order; names are exact.</summary>
    public static IReadOnlyList<string> Values(HttpRequest request, string name) =>
        Pairs(request).Where(pair => pair.Name == name).Select(pair => pair.Value).ToList();

    public static IEnumerable<string> Names(HttpRequest request) => Pairs(request).Select(pair => pair.Name).Where(name => name.Length > 0);

    static IEnumerable<(string Name, string Value)> Pairs(HttpRequest request) =>
        (request.QueryString.Value ?? "").TrimStart('?').Split('&').Select(pair => pair.Split('=', 2)).Select(pair =>
            (Decode(pair[0]), pair.Length == 2 ? Decode(pair[1]) : ""));

    /// <summary>What is no UTF-8 becomes U+FFFD, which no value of the contract has in it.</summary>
    static string Decode(string text) => WebUtility.UrlDecode(text.Replace("+", "%2B", StringComparison.Ordinal));
}
