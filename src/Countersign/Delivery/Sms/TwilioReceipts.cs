using System.Text;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery.Sms;

/// <summary>Delivery receipts of Twilio: whether one is Twilio's, and what it changes.</summary>
sealed class TwilioReceipts(
    IEnumerable<SmsProvider> providers, IOptionsMonitor<TwilioOptions> accounts, IOptions<CountersignOptions> options, Outbox outbox)
{
    public const string Path = "/callbacks/twilio";

    readonly string[] callbackUrls = options.Value.PublicUrl is { Length: > 0 } publicUrl ? Forms(ServiceUrl.Below(new Uri(publicUrl), Path)) : [];

    readonly List<string> tokens = providers
        .Where(provider => provider.Kind == SmsProvider.Twilio)
        .Select(provider => accounts.Get(provider.OptionsName).AuthToken)
        .Where(token => token.Length > 0)
        .Distinct()
        .ToList();

    /// <summary>Whether Twilio was asked for receipts.</summary>
    public bool AreExpected => callbackUrls.Length > 0 && tokens.Count > 0;

    /// <summary>The user id in hexadecimal: nothing on the way has a reason to write it in another form.</summary>
    public static string CallbackUrl(Uri publicUrl, string userId, string messageId) =>
        $"{ServiceUrl.Below(publicUrl, Path).AbsoluteUri}?account={Convert.ToHexStringLower(Encoding.UTF8.GetBytes(userId))}&message={messageId}";

    /// <summary>The URL is the configured one: what a request says of its host is anybody's.</summary>
    /// <param name="query">As it was received, with its question mark.</param>
    public bool IsSigned(string signature, string query, IReadOnlyCollection<KeyValuePair<string, string>> fields) =>
        tokens.Exists(token => Array.Exists(callbackUrls, url => TwilioSignature.IsValid(signature, token, url + query, fields)));

    /// <summary>Twilio signs a URL with its port or without; its own validators try both.</summary>
    static string[] Forms(Uri url) =>
        [$"{url.Scheme}://{url.Host}{url.AbsolutePath}", $"{url.Scheme}://{url.Host}:{url.Port}{url.AbsolutePath}"];

    /// <summary>The account that a callback URL names; null where it names none.</summary>
    public static string? UserId(string account)
    {
        var bytes = new byte[account.Length / 2];
        return Convert.FromHexString(account, bytes, out _, out var written) == System.Buffers.OperationStatus.Done
            ? Encoding.UTF8.GetString(bytes.AsSpan(0, written))
            : null;
    }

    /// <param name="status">What Twilio calls <c>MessageStatus</c>; what comes before it is sent says nothing new.</param>
    public async Task RecordAsync(string userId, string messageId, string providerId, string status, CancellationToken ct)
    {
        Receipt? receipt = status switch
        {
            "sent" => Receipt.Sent,
            "delivered" or "read" => Receipt.Delivered,
            "undelivered" or "failed" or "canceled" => Receipt.Failed,
            _ => null,
        };
        if (receipt is { } known)
            await outbox.TryRecordAsync(known, userId, messageId, providerId, ct);
    }
}
