using Countersign.Bench.Load;

namespace Countersign.Bench.Systems;

/// <summary>The change that a token of ASP.NET Core Identity guards is that of the email; it keeps nothing, so that the new address comes with each request.</summary>
sealed class IdentityWire : Wire
{
    public override void IssueToRedeem(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> value)
    {
        Span<byte> prefix = stackalloc byte[value.Length + 1];
        value.CopyTo(prefix);
        prefix[^1] = (byte)'.';
        buffer.Start("POST /api/v1/token/userKeys/adding/email?newEmail="u8, prefix, requester, "@example.com"u8);
        buffer.EndWithoutBody(isPost: true);
    }

    public override void Redeem(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> code, ReadOnlySpan<byte> value) => ChangeEmail(buffer, requester, code, value);

    /// <summary>Its codes of the minutes before and after are right as well; one of seven digits never is, and is compared like any other.</summary>
    public override void Guess(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> wrongCode, ReadOnlySpan<byte> value)
    {
        Span<byte> longer = stackalloc byte[wrongCode.Length + 1];
        longer[0] = (byte)'1';
        wrongCode.CopyTo(longer[1..]);
        ChangeEmail(buffer, requester, longer, value);
    }

    public override void ChangeEmail(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> code, ReadOnlySpan<byte> value)
    {
        buffer.Start("POST /api/v1/userKeys/changing"u8, requester);
        AddWithNewKey(buffer, requester, code, value);
    }
}
