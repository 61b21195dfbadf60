using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Countersign.Domain;

namespace Countersign.Http;

/// <summary>
/// What is said of the holds of an account in a form that another service can check without asking: a JWT (RFC 7519) by ES256, and the keys to
/// check it by, as a JWK set (RFC 7517).
/// </summary>
sealed class HoldStatement(TokenCodes codes, LiveOptions options, TimeProvider clock)
{
    /// <summary>How old a statement may be. A hold that is opened after it is in the next one.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>RFC 8725, 3.11: told by its type from any other token under the same key.</summary>
    const string Type = "countersign-holds+jwt";

    /// <summary>Who speaks where no <see cref="CountersignOptions.PublicUrl"/> is configured.</summary>
    const string NamelessIssuer = "urn:countersign";

    /// <param name="sessionsNotBefore">As in the answer; null where there is none.</param>
    public string Of(AccountView account, string? sessionsNotBefore)
    {
        var key = codes.StatementKey;
        var now = clock.GetUtcNow();
        var header = Encode(json =>
        {
            json.WriteString("alg", "ES256");
            json.WriteString("typ", Type);
            json.WriteString("kid", key.Id);
        });
        var claims = Encode(json =>
        {
            json.WriteString("iss", options.Options.PublicUrl is { Length: > 0 } url ? url : NamelessIssuer);
            json.WriteString("sub", account.UserId);
            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + Lifetime).ToUnixTimeSeconds());
            json.WriteStartArray("holds");
            foreach (var hold in Answers.Holds(account.Holds))
            {
                json.WriteStartObject();
                json.WriteString("reason", hold.Reason);
                json.WriteString("until", hold.Until);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (sessionsNotBefore is not null)
                json.WriteString("sessionsNotBefore", sessionsNotBefore);
        });
        var signed = $"{header}.{claims}";
        return $"{signed}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>Of every configured secret, so that what was signed before a rotation can still be checked.</summary>
    public string KeySet() => Encoding.UTF8.GetString(Write(json =>
    {
        json.WriteStartArray("keys");
        foreach (var key in codes.StatementKeys)
        {
            json.WriteStartObject();
            json.WriteString("kty", "EC");
            json.WriteString("crv", "P-256");
            json.WriteString("use", "sig");
            json.WriteString("alg", "ES256");
            json.WriteString("kid", key.Id);
            json.WriteString("x", Base64Url.EncodeToString(key.X.Span));
            json.WriteString("y", Base64Url.EncodeToString(key.Y.Span));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }));

    static string Encode(Action<Utf8JsonWriter> members) => Base64Url.EncodeToString(Write(members));

    static ReadOnlySpan<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan;
    }
}
