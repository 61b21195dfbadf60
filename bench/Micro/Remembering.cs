using BenchmarkDotNet.Attributes;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Bench.Micro;

/// <summary>How a node writes down what it remembers, with each commit, and reads it, with each request.</summary>
public class Remembering
{
    readonly Packed account = Packed.Of(Sample.Account, PackedAccount.Pack);
    readonly Packed limit = Packed.Of(Use, LimitUse.Pack);

    static LimitUse Use { get; } = new(Sample.Window(3), 3);

    [GlobalSetup]
    public void Check()
    {
        Sample.Require(account.Read(PackedAccount.Unpack).Purposes.Count == Sample.Account.Purposes.Count, "the account is read.");
        Sample.Require(Use.Equals(ReadLimit()), "the limit is read.");
    }

    [Benchmark]
    public object WriteAccount()
    {
        account.Write(Sample.Account, PackedAccount.Pack);
        return account;
    }

    [Benchmark]
    public object ReadAccount() => account.Read(PackedAccount.Unpack);

    [Benchmark]
    public object WriteLimit()
    {
        limit.Write(Use, LimitUse.Pack);
        return limit;
    }

    [Benchmark]
    public object ReadLimit() => limit.Read(LimitUse.Unpack);
}
