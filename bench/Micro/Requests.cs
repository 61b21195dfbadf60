using BenchmarkDotNet.Attributes;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Http;
using Microsoft.AspNetCore.Http;

namespace Countersign.Bench.Micro;

/// <summary>What a request costs around its decision, the store and the network apart.</summary>
public class Requests
{
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    readonly Change issued = Sample.Issue(Sample.Draw("531975")).Change!;
    readonly SlidingWindow window = Sample.Window(12);
    readonly string stored = Sample.Window(12).ToStore();
    readonly Refused wrong = new(Refusal.TokenInvalid, Sample.ChangingToNewEmail, AttemptsRemaining: 4);
    readonly DefaultHttpContext http = new();

    [GlobalSetup]
    public void Check()
    {
        Sample.Require(((SlidingWindow)ReadWindow()).Count(Sample.Now, Day) == 12, "a window is read.");
        Sample.Require((string)WriteWindow() == stored, "a window is written.");
        Sample.Require(((SlidingWindow)AddToWindow()).Count(Sample.Now, Day) == 13, "a use is counted.");
        using var body = new MemoryStream();
        http.Response.Body = body;
        Sample.Require(RefuseWrongCode() && http.Response.StatusCode == 422 && body.Length > 100, "a refusal is written.");
        http.Response.Body = Stream.Null;
    }

    /// <summary>The messages of an issue with what they say of where the request came from, as they go into the commit.</summary>
    [Benchmark]
    public object QueueMessages() => Sample.Queued(issued);

    /// <summary>Of twelve uses of a limit.</summary>
    [Benchmark]
    public object ReadWindow() => SlidingWindow.FromStore(stored);

    [Benchmark]
    public object WriteWindow() => window.ToStore();

    [Benchmark]
    public object AddToWindow() => window.Add(Sample.Now, Day);

    [Benchmark]
    public object OriginOfCaller() => Origin.Of(Sample.Caller)!;

    /// <summary>Headers and problem+json of the answer to a wrong code.</summary>
    [Benchmark]
    public bool RefuseWrongCode() => Problems.Of(wrong).ExecuteAsync(http).IsCompletedSuccessfully;
}
