using Countersign.Bench.Load;

namespace Countersign.Bench.Systems;

/// <summary>The requests, as Countersign's contract has them.</summary>
class Wire
{
    public virtual void Read(RequestBuffer buffer, Requester requester)
    {
        buffer.Start("GET /api/v1/account"u8, requester);
        buffer.EndWithoutBody(isPost: false);
    }

    /// <summary>A token to the current email, for the change of it.</summary>
    public virtual void Issue(RequestBuffer buffer, Requester requester) =>
        PostWithoutBody(buffer, "POST /api/v1/token/userKeys/changing?keyType=EMAIL"u8, requester);

    /// <summary>The token that <see cref="Redeem"/> is about.</summary>
    /// <param name="value">What the change sets: 8 letters and digits.</param>
    public virtual void IssueToRedeem(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> value) =>
        PostWithoutBody(buffer, "POST /api/v1/token/antiPhishing/changing"u8, requester);

    /// <summary>The token together with the change that it guards.</summary>
    public virtual void Redeem(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> code, ReadOnlySpan<byte> value)
    {
        buffer.Start("POST /api/v1/antiPhishing/changing"u8, requester);
        buffer.StartBody();
        buffer.Add("{\"oneTimeToken\":\""u8);
        buffer.Add(code);
        buffer.Add("\",\"antiPhishingCode\":\""u8);
        buffer.Add(value);
        buffer.Add("\"}"u8);
        buffer.EndBody();
    }

    /// <summary>As <see cref="Redeem"/>, with a code of another token.</summary>
    public virtual void Guess(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> wrongCode, ReadOnlySpan<byte> value) =>
        Redeem(buffer, requester, wrongCode, value);

    /// <summary>The second step of a change of email: the token of the first, and where the next one goes.</summary>
    public virtual void IssueToNew(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> code, ReadOnlySpan<byte> value)
    {
        buffer.Start("POST /api/v1/token/userKeys/changing/newKey"u8, requester);
        AddWithNewKey(buffer, requester, code, value);
    }

    /// <summary>The last step of a change of email.</summary>
    public virtual void ChangeEmail(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> code, ReadOnlySpan<byte> value)
    {
        buffer.Start("POST /api/v1/userKeys/changing"u8, requester);
        buffer.StartBody();
        buffer.Add("{\"keyType\":\"EMAIL\",\"oneTimeToken\":\""u8);
        buffer.Add(code);
        buffer.Add("\"}"u8);
        buffer.EndBody();
    }

    protected static void PostWithoutBody(RequestBuffer buffer, ReadOnlySpan<byte> line, Requester requester)
    {
        buffer.Start(line, requester);
        buffer.EndWithoutBody(isPost: true);
    }

    /// <summary>An address that nobody else has, nor this account has had.</summary>
    protected static void AddWithNewKey(RequestBuffer buffer, Requester requester, ReadOnlySpan<byte> code, ReadOnlySpan<byte> value)
    {
        buffer.StartBody();
        buffer.Add("{\"oneTimeToken\":\""u8);
        buffer.Add(code);
        buffer.Add("\",\"newUserKey\":\""u8);
        buffer.Add(value);
        buffer.Add("."u8);
        buffer.Add(requester.UserId);
        buffer.Add("@example.com\"}"u8);
        buffer.EndBody();
    }
}
