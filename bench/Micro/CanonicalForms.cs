using BenchmarkDotNet.Attributes;
using Countersign.Domain;

namespace Countersign.Bench.Micro;

/// <summary>What is made of text that comes with a request.</summary>
public class CanonicalForms
{
    readonly string email = "Alice.Miller@Mail.Example.com";
    readonly string internationalEmail = "alice@Bücher.example";
    readonly string number = "+49 151 2345-6789";
    readonly string code = "207 345";
    readonly Caller byIPv4 = new(Sample.UserId, "203.0.113.17");
    readonly Caller byIPv6 = new(Sample.UserId, "2001:db8:85a3:8d3:1319:8a2e:370:7348");

    [GlobalSetup]
    public void Check()
    {
        Sample.Require(((Address)Email()).Canonical == "alice.miller@mail.example.com", "an address is in its one form.");
        Sample.Require(((Address)InternationalEmail()).Canonical == "alice@xn--bcher-kva.example", "a domain is in its one form.");
        Sample.Require(((Address)PhoneNumber()).Canonical == "+4915123456789", "a number is in its one form.");
        Sample.Require(((Address)AssignedPhoneNumber()).Canonical == "+4915123456789", "a number is assigned.");
        Sample.Require(Code(), "a code is one.");
        Sample.Require((string)ClientByIPv4() == "203.0.113.17", "an IPv4 address is one client.");
        Sample.Require((string)ClientByIPv6() == "2001:db8:85a3:8d3::/64", "an IPv6 network is one client.");
    }

    [Benchmark]
    public object Email() => EmailAddress.TryParse(email, out var address, out var error) ? address : error;

    [Benchmark]
    public object InternationalEmail() => EmailAddress.TryParse(internationalEmail, out var address, out var error) ? address : error;

    [Benchmark]
    public object PhoneNumber() => Parse(PhoneNumberAcceptance.Shape);

    /// <summary>With libphonenumber's word on it, as in the profile Strict.</summary>
    [Benchmark]
    public object AssignedPhoneNumber() => Parse(PhoneNumberAcceptance.Assigned);

    [Benchmark]
    public bool Code() => TokenCode.TryParse(code, CodeFormat.Digits6, out _, out _);

    [Benchmark]
    public object ClientByIPv4() => byIPv4.Client!;

    [Benchmark]
    public object ClientByIPv6() => byIPv6.Client!;

    object Parse(PhoneNumberAcceptance acceptance) =>
        Domain.PhoneNumber.TryParse(number, acceptance, out var parsed, out var error) ? parsed : error;
}
