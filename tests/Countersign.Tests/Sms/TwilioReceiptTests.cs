using Countersign.Tests.Faults;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Sms;

public sealed class TwilioReceiptTests
{
    [Fact]
    public async Task A_message_that_does_not_arrive_is_shown_as_failed_and_one_that_does_as_sent()
    {
        await using var gateway = await Gateway.StartAsync();
        await using var server = await TwilioServer.StartAsync(gateway);
        var alice = server.User();
        var url = await SendAsync(gateway, alice);

        Assert.Equal(204, (await server.PostAsync(await TwilioServer.CallbackAsync(url, Gateway.Sid(1), "sent"))).Status);
        Assert.Equal("SENT", await TwilioServer.DeliveryAsync(alice));
        var undelivered = await TwilioServer.CallbackAsync(url, Gateway.Sid(1), "undelivered");
        Assert.Equal(204, (await server.PostAsync(undelivered)).Status);
        Assert.Equal("FAILED", await TwilioServer.DeliveryAsync(alice));
        Assert.Equal(204, (await server.PostAsync(undelivered)).Status);
        Assert.Equal("FAILED", await TwilioServer.DeliveryAsync(alice));

        // It was a slow network after all; and what comes late changes nothing any more.
        Assert.Equal(204, (await server.PostAsync(await TwilioServer.CallbackAsync(url, Gateway.Sid(1), "delivered"))).Status);
        Assert.Equal("SENT", await TwilioServer.DeliveryAsync(alice));
        Assert.Equal(204, (await server.PostAsync(undelivered)).Status);
        Assert.Equal("SENT", await TwilioServer.DeliveryAsync(alice));
    }

    [Fact]
    public async Task Nothing_that_Twilio_has_not_signed_is_taken()
    {
        await using var gateway = await Gateway.StartAsync();
        await using var server = await TwilioServer.StartAsync(gateway);
        var alice = server.User();
        var url = await SendAsync(gateway, alice);

        var signed = await TwilioServer.CallbackAsync(url, Gateway.Sid(1), "sent");
        var elsewhere = await TwilioServer.CallbackAsync(url.Replace(TwilioServer.PublicUrl, server.Url.ToString().TrimEnd('/'), StringComparison.Ordinal), Gateway.Sid(1), "failed");
        var otherToken = await TwilioServer.CallbackAsync(url, Gateway.Sid(1), "failed", "another-token");
        var refused = new[]
        {
            await server.PostAsync(signed.With("MessageStatus", "failed")),
            await server.PostAsync(signed.With("MessageSid", Gateway.Sid(2))),
            await server.PostAsync(signed.With("More", "")),
            await server.PostAsync(signed.Query("message", "another")),
            await server.PostAsync(signed.Query("account", "626f62")),
            await server.PostAsync(signed.Query("more", "1")),
            await server.PostAsync(signed with { Url = url + "&" }),
            await server.PostAsync(signed, request => request.Headers.Remove("X-Twilio-Signature")),
            await server.PostAsync(signed with { Signature = "" }),
            await server.PostAsync(signed with { Signature = signed.Signature[..^2] + (signed.Signature[^2] == 'A' ? "E=" : "A=") }),
            await server.PostAsync(signed, request => request.Headers.Add("X-Twilio-Signature", signed.Signature)),
            await server.PostAsync(signed, request => request.Content!.Headers.ContentType = new("application/json")),
            await server.PostAsync(signed, request => request.Content = null),
            await server.PostAsync(otherToken),
            // Signed for the host that the request names, which is anybody's choice.
            await server.PostAsync(elsewhere with { Url = url }),
            await server.PostAsync(elsewhere with { Url = url }, request => request.Headers.Add("X-Forwarded-Host", server.Url.Authority)),
        };
        Assert.All(refused, answer => Assert.Equal((403, "forbidden"), (answer.Status, answer.Code)));
        Assert.Equal("SENT", await TwilioServer.DeliveryAsync(alice));

        // As it was signed, it is taken, whatever the request says of its host.
        Assert.Equal(204, (await server.PostAsync(signed, request => request.Headers.Host = "evil.example")).Status);
    }

    [Fact]
    public async Task What_is_signed_and_means_nothing_here_changes_nothing()
    {
        await using var gateway = await Gateway.StartAsync();
        await using var server = await TwilioServer.StartAsync(gateway);
        var alice = server.User();
        var url = await SendAsync(gateway, alice);

        var path = url.Split('?')[0];
        foreach (var (target, sid, status) in new[]
        {
            (url, Gateway.Sid(2), "failed"),
            (url, "", "failed"),
            (url, Gateway.Sid(1), "FAILED"),
            (url, Gateway.Sid(1), "accepted"),
            (url, Gateway.Sid(1), ""),
            (path, Gateway.Sid(1), "failed"),
            ($"{path}?account=zz&message=x", Gateway.Sid(1), "failed"),
            ($"{path}?account=616c69636&message=x", Gateway.Sid(1), "failed"),
            ($"{path}?account=616c696365&message=x", Gateway.Sid(1), "failed"),
            (url.Replace("616c696365", "626f62", StringComparison.Ordinal), Gateway.Sid(1), "failed"),
        })
            Assert.Equal(204, (await server.PostAsync(await TwilioServer.CallbackAsync(target, sid, status))).Status);
        Assert.Equal("SENT", await TwilioServer.DeliveryAsync(alice));
    }

    [Fact]
    public async Task A_callback_has_a_method_and_a_size()
    {
        await using var gateway = await Gateway.StartAsync();
        await using var server = await TwilioServer.StartAsync(gateway);
        using var get = await server.Http.GetAsync("/callbacks/twilio", TestContext.Current.CancellationToken);
        Assert.Equal((405, "POST"), ((int)get.StatusCode, get.Content.Headers.Allow.Single()));

        var large = new Callback($"{TwilioServer.PublicUrl}/callbacks/twilio", new() { ["a"] = new string('a', 16 * 1024) }, "x");
        Assert.Equal(413, (await server.PostAsync(large)).Status);
        Assert.Equal(413, (await server.PostAsync(large, request => request.Headers.TransferEncodingChunked = true)).Status);
        var many = large with { Fields = Enumerable.Range(0, 200).ToDictionary(i => $"{i}", i => "") };
        Assert.Equal(403, (await server.PostAsync(many)).Status);
    }

    [Fact]
    public async Task There_is_no_callback_where_nobody_calls_back_and_none_in_the_contract()
    {
        var callback = new Callback($"{TwilioServer.PublicUrl}/callbacks/twilio", [], "x");
        await using (var without = await TestServer.StartAsync())
            Assert.Equal(404, (await without.PostAsync(callback)).Status);

        await using var gateway = await Gateway.StartAsync();
        await using (var unreached = await TwilioServer.StartAsync(gateway, null, "Countersign:PublicUrl="))
            Assert.Equal((404, "not-found"), await StatusAsync(unreached, callback));

        await using var server = await TwilioServer.StartAsync(gateway);
        Assert.DoesNotContain("/callbacks", await server.Http.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receipt_that_cannot_be_stored_is_asked_for_again_and_the_log_says_why()
    {
        using var folder = new TestFolder();
        using var log = new LogLines();
        await using var gateway = await Gateway.StartAsync();
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Folder = folder, Settings = TwilioServer.Settings(gateway), Configure = builder => builder.Logging.AddProvider(log),
        });
        var alice = server.User();
        var failed = await TwilioServer.CallbackAsync(await SendAsync(gateway, alice), Gateway.Sid(1), "failed");

        await using var other = OtherConnection.To(folder);
        other.Execute("ALTER TABLE outbox RENAME TO elsewhere");
        var answer = await server.PostAsync(failed);
        Assert.Equal((503, "unavailable"), (answer.Status, answer.Code));
        Assert.Contains(log.Errors, line => line.StartsWith("Answered 503", StringComparison.Ordinal) && line.Contains("no such table", StringComparison.Ordinal));

        other.Execute("ALTER TABLE elsewhere RENAME TO outbox");
        Assert.Equal(204, (await server.PostAsync(failed)).Status);
        Assert.Equal("FAILED", await TwilioServer.DeliveryAsync(alice));
    }

    static async Task<(int Status, string? Code)> StatusAsync(TestServer server, Callback callback)
    {
        var answer = await server.PostAsync(callback);
        return (answer.Status, answer.Code);
    }

    /// <summary>A code that the gateway has accepted for her; where Twilio is to tell of it.</summary>
    static async Task<string> SendAsync(Gateway gateway, TestUser alice)
    {
        await TwilioServer.AddNumberAsync(alice);
        var url = (await gateway.RequestAsync(0)).Form["StatusCallback"];
        await Eventually.ThatAsync(async () => await TwilioServer.DeliveryAsync(alice) == "SENT", "the account says SENT");
        return url;
    }
}
