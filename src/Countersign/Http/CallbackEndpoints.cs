using System.Text;
using Countersign.Delivery.Sms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Http;

/// <summary>What providers call: no part of the contract, with no bearer but a signature.</summary>
static class CallbackEndpoints
{
    const string FormType = "application/x-www-form-urlencoded";

    /// <summary>Twilio sends about fifteen.</summary>
    const int MaxFields = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        if (routes.ServiceProvider.GetServices<SmsProvider>().Any(provider => provider.Kind == SmsProvider.Twilio))
            routes.MapOnly("POST", TwilioReceipts.Path, TakeReceiptAsync).AllowAnonymous().ExcludeFromDescription().AddEndpointFilter<StoreFilter>();
    }

    static async Task<IResult> TakeReceiptAsync(HttpContext http, TwilioReceipts receipts)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (!receipts.AreExpected)
            return Problems.NotFound;

        try
        {
            if (await RequestBody.ReadBytesAsync(http) is not { } body)
                return Problems.TooLarge;
            if (await ReadFormAsync(http, body) is not { } fields
                || !receipts.IsSigned(http.Request.Headers[TwilioSignature.Header].ToString(), http.Request.QueryString.Value ?? "", fields))
                return Problems.Unsigned;

            string Field(string name) => fields.Find(field => field.Key == name).Value ?? "";
            // What is signed and yet names no message of ours is nothing that asking again would mend.
            if (TwilioReceipts.UserId(http.Request.Query["account"].ToString()) is { } userId)
                await receipts.RecordAsync(userId, http.Request.Query["message"].ToString(), Field("MessageSid"), Field("MessageStatus"), http.RequestAborted);
            return Results.NoContent();
        }
        catch (BadHttpRequestException e)
        {
            return Problems.OfStatus(e.StatusCode);
        }
    }

    /// <summary>Every field, as often as it is there; null where this is no form.</summary>
    internal static async Task<List<KeyValuePair<string, string>>?> ReadFormAsync(HttpContext http, byte[] body)
    {
        if (http.Request.ContentType?.StartsWith(FormType, StringComparison.OrdinalIgnoreCase) != true)
            return null;

        using var reader = new FormReader(new MemoryStream(body), Encoding.UTF8);
        var fields = new List<KeyValuePair<string, string>>();
        try
        {
            while (fields.Count < MaxFields && await reader.ReadNextPairAsync(http.RequestAborted) is { } field)
                fields.Add(field);
            return fields.Count < MaxFields ? fields : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
