using System.Net;
using Microsoft.AspNetCore.Http;

namespace Countersign.Http;

/// <summary>
/// The query string read as RFC 3986 has it, where a bare <c>+</c> is a plus: form encoding would make a space of the plus of a phone number.
/// </summary>
static class RawQuery
{
    /// <summary>All values of a parameter, in their order; names are exact.</summary>
    public static IReadOnlyList<string> Values(HttpRequest request, string name)
    {
        var query = request.QueryString.Value;
        if (string.IsNullOrEmpty(query))
            return [];

        return query[1..]
            .Split('&')
            .Select(pair => pair.Split('=', 2))
            .Where(pair => Decode(pair[0]) == name)
            .Select(pair => pair.Length == 2 ? Decode(pair[1]) : "")
            .ToList();
    }

    /// <summary>What is no UTF-8 becomes U+FFFD, which no value of the contract has in it.</summary>
    static string Decode(string text) => WebUtility.UrlDecode(text.Replace("+", "%2B", StringComparison.Ordinal));
}
