using System.Globalization;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;

namespace Countersign.Tests.Server;

/// <summary>The exporter counts what every server of the process does: it is looked at while there is no other.</summary>
[CollectionDefinition(nameof(PrometheusTests), DisableParallelization = true)]
[Collection(nameof(PrometheusTests))]
public sealed class PrometheusTests
{
    [Fact]
    public async Task Prometheus_reads_what_has_happened_and_nobodys_address()
    {
        var canaries = new Canaries();
        await using var server = await Canaries.StartServerAsync([]);
        await canaries.TourAsync(server);

        using var response = await server.Http.GetAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType?.MediaType);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, Sum(text, "countersign_tokens_issued_total", "operation=\"userKeys/changing\""));
        Assert.Equal(1, Sum(text, "countersign_tokens_issued_total", "operation=\"userKeys/changing/newKey\""));
        Assert.Equal(1, Sum(text, "countersign_tokens_redeemed_total", "operation=\"antiPhishing/adding\""));
        Assert.Equal(1, Sum(text, "countersign_guesses_wrong_total", "operation=\"userKeys/changing\""));
        // Two codes, five guesses, and an undo link that was used.
        Assert.Equal(8, Sum(text, "countersign_requests_refused_total", "code=\"token-invalid\""));
        Assert.Equal(1, Sum(text, "countersign_requests_refused_total", "code=\"key-exists\""));
        Assert.NotEqual(0, Sum(text, "countersign_messages_sent_total", "outcome=\"accepted\""));
        Assert.NotEqual(0, Sum(text, "countersign_messages_delivery_duration_seconds_count", ""));
        foreach (var gauge in new[] { "depth", "dead", "oldest_age_seconds" })
            Assert.Contains($"\ncountersign_outbox_{gauge}{{", text, StringComparison.Ordinal);
        Assert.Contains("\nhttp_server_request_duration_seconds_count", text, StringComparison.Ordinal);
        Assert.Empty(canaries.FindIn("/metrics", text));
    }

    [Fact]
    public async Task A_refusal_for_want_of_a_recent_login_is_counted()
    {
        await using var server = await TestServer.StartAsync("Countersign:StepUp:0:Operation=mfa/disabling", "Countersign:StepUp:0:AcrValues:0=urn:gold");
        (await server.User().PostAsync("/api/v1/token/mfa/disabling", new { destination = "EMAIL" })).IsRefused(401, "insufficient-user-authentication");
        var text = await server.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Equal(1, Sum(text, "countersign_requests_refused_total", "code=\"insufficient-user-authentication\",operation=\"mfa/disabling\""));
    }

    static double Sum(string text, string metric, string tag) => text.Split('\n')
        .Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal) && line.Contains(tag, StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
}
