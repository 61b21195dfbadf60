using BenchmarkDotNet.Attributes;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Bench.Micro;

/// <summary>What is drawn, digested, sealed and chained for a token and its message.</summary>
public class Digests
{
    const string Label = $"message/019b8df17459531975/{Sample.UserId}";

    readonly AuditChain chain = new(Sample.Codes);
    readonly PendingOperation pending = Sample.Account.State(Sample.ChangingToNewEmail).Pending!;
    readonly byte[] content = Sample.Queued(Sample.Issue(Sample.Draw("531975")).Change!)[0].Content.ToBytes();
    readonly byte[] sealedContent;

    readonly AuditEvent issued = new(
        "18.0", Sample.Now, "token_issued", "antiPhishing/changing", null, "a***r@example.com", null, Sample.UserId, Sample.Caller.IpAddress, Sample.Caller.UserAgent);

    public Digests() => sealedContent = Sample.Codes.Seal(Label, content);

    [GlobalSetup]
    public void Check()
    {
        Sample.Require(Matches(), "a code is the token's.");
        Sample.Require(content.AsSpan().SequenceEqual((byte[])Open()), "what was sealed opens.");
    }

    [Benchmark]
    public object Draw() => TokenCodes.Draw(CodeFormat.Digits6, Sample.Now);

    [Benchmark]
    public object Digest() => Sample.Codes.Digest(Sample.UserId, Sample.ChangingToNewEmail, pending.Target, Sample.CodeToNewEmail);

    [Benchmark]
    public bool Matches() => Sample.Codes.Matches(pending.Newest, Sample.UserId, Sample.ChangingToNewEmail, pending.Target, Sample.CodeToNewEmail);

    /// <summary>Of what the mail with a code says.</summary>
    [Benchmark]
    public object Seal() => Sample.Codes.Seal(Label, content);

    [Benchmark]
    public object Open() => Sample.Codes.Open(Label, sealedContent);

    [Benchmark]
    public object LinkEvent() => chain.Link(Sample.UserId, Sample.Account.Trail.Link, 24, issued);

    [Benchmark]
    public object SealTrail() => chain.Seal(Sample.UserId, Sample.Account.Trail);
}
