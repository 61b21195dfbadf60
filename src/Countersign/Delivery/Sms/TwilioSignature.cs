using System.Security.Cryptography;
using System.Text;

namespace Countersign.Delivery.Sms;

/// <summary>
/// The header <c>X-Twilio-Signature</c>: base64 of an HMAC-SHA1, under the account's token, of the URL and then name and value of each form field in
/// the order of their names.
/// </summary>
static class TwilioSignature
{
    public const string Header = "X-Twilio-Signature";

    /// <param name="fields">In any order; Twilio signs a value that is there twice once.</param>
    public static string Of(string authToken, string url, IEnumerable<KeyValuePair<string, string>> fields)
    {
        var text = new StringBuilder(url);
        var ordered = fields.Distinct().OrderBy(field => field.Key, StringComparer.Ordinal).ThenBy(field => field.Value, StringComparer.Ordinal);
        foreach (var (name, value) in ordered)
            text.Append(name).Append(value);
#pragma warning disable CA5350 // The algorithm is Twilio's choice; as an HMAC, SHA-1 still keeps anybody else from signing.
        return Convert.ToBase64String(HMACSHA1.HashData(Encoding.UTF8.GetBytes(authToken), Encoding.UTF8.GetBytes(text.ToString())));
#pragma warning restore CA5350
    }

    public static bool IsValid(string signature, string authToken, string url, IReadOnlyCollection<KeyValuePair<string, string>> fields) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), Encoding.UTF8.GetBytes(Of(authToken, url, fields)));
}
