using Countersign.Delivery.Events;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Server;

namespace Countersign.Tests.Events;

public sealed class EventSettingsTests
{
    const string Secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

    static readonly string[] Webhook =
        ["environment=Development", "Countersign:Events:Webhook:Url=https://platform.example.com/events?tenant=1", $"Countersign:Events:Webhook:Secrets:0={Secret}"];

    [Fact]
    public async Task A_receiver_and_its_secret_are_enough() => Assert.Empty(await StartCheck.ExplainAsync(Webhook));

    [Theory]
    [Trait("ASVS", "12.3.1")]
    [InlineData("Url=", "Url is missing, and there are Secrets: without a URL no event is posted.")]
    [InlineData("Url=http://platform.example.com/events", "Url is an absolute https URL (or http on loopback) without user and fragment.")]
    [InlineData("Url=ftp://platform.example.com/events", "Url is an absolute https URL (or http on loopback) without user and fragment.")]
    [InlineData("Url=/events", "Url is an absolute https URL (or http on loopback) without user and fragment.")]
    [InlineData("Url=https://user:password@platform.example.com/", "Url is an absolute https URL (or http on loopback) without user and fragment.")]
    [InlineData("Secrets:0=AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "Secrets:0 is not whsec_ and base64 of 24 to 64 bytes.")]
    [InlineData("Secrets:1=whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY=", "Secrets:1 is not whsec_ and base64 of 24 to 64 bytes.")]
    [InlineData("Secrets:1=whsec_secret!", "Secrets:1 is not whsec_ and base64 of 24 to 64 bytes.")]
    [InlineData("Secrets:1=" + Secret + "|Secrets:2=" + Secret + "|Secrets:3=" + Secret + "|Secrets:4=" + Secret, "Secrets has 5 entries; it has 1 to 4.")]
    [InlineData("Types:0=user_key_lost", "Types:0 is 'user_key_lost'; it is one of token_issued, token_redeemed,")]
    [InlineData("GiveUpAfter=00:00:59", "GiveUpAfter is 00:00:59; it is a time from 00:01:00 to 30.00:00:00.")]
    [InlineData("GiveUpAfter=3", "GiveUpAfter is '3'; it is a time as hours:minutes:seconds")]
    [InlineData("Timeout=00:00:31", "Timeout is 00:00:31; it is a time from 00:00:01 to 00:00:30.")]
    [InlineData("Secret=x", "Secret is no setting.")]
    public async Task A_bad_setting_is_named_in_one_line_that_prints_no_secret(string settings, string expected)
    {
        var line = Assert.Single(await StartCheck.ExplainAsync([.. Webhook, .. settings.Split('|').Select(setting => $"Countersign:Events:Webhook:{setting}")]));
        Assert.StartsWith($"Countersign does not start: Countersign:Events:Webhook:{expected}", line, StringComparison.Ordinal);
        foreach (var secret in new[] { "AAEC", "secret!", "password", "tenant" })
            Assert.DoesNotContain(secret, line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_without_a_secret_is_refused()
    {
        var line = Assert.Single(await StartCheck.ExplainAsync("environment=Development", "Countersign:Events:Webhook:Url=http://127.0.0.1:1234/"));
        Assert.Equal("Countersign does not start: Countersign:Events:Webhook:Secrets has 0 entries; it has 1 to 4.", line);
    }

    [Fact]
    public void The_types_after_which_sessions_end_are_the_same_in_the_events_the_query_and_its_index()
    {
        var types = $"type IN ({string.Join(", ", SecurityEvent.EndingSessions.Select(type => $"'{type.Name()}'"))})";
        Assert.EndsWith(types, EventSql.SessionsNotBefore, StringComparison.Ordinal);
        Assert.Contains(types, Migrations.All[0].Sql, StringComparison.Ordinal);
    }
}
