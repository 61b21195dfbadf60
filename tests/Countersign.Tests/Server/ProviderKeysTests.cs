using Countersign.Server;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Protocols;

namespace Countersign.Tests.Server;

public sealed class ProviderKeysTests
{
    readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    int fetches;

    [Fact]
    public async Task All_requests_wait_for_one_fetch()
    {
        await using var provider = await IdentityProvider.StartAsync();
        using var key = provider.AddRsa("one");
        var keys = Keys(provider);
        var all = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => keys.GetConfigurationAsync(CancellationToken.None)));
        Assert.All(all, found => Assert.Equal("one", Assert.Single(found.SigningKeys).KeyId));
        Assert.Equal(1, fetches);
    }

    [Fact]
    public async Task Made_up_tokens_have_the_keys_fetched_once_in_thirty_seconds()
    {
        await using var provider = await IdentityProvider.StartAsync();
        using var first = provider.AddRsa("first");
        var keys = Keys(provider);
        Assert.Equal(["first"], await IdsAsync(keys));

        for (var seconds = 0; seconds < 120; seconds++)
        {
            for (var i = 0; i < 10; i++)
            {
                keys.RequestRefresh();
                await IdsAsync(keys);
            }

            clock.Advance(TimeSpan.FromSeconds(1));
        }

        // The first, and at 0, 30, 60 and 90 seconds.
        Assert.Equal(5, fetches);
        using var second = provider.AddRsa("second");
        keys.RequestRefresh();
        Assert.Equal(["first", "second"], await IdsAsync(keys));
    }

    [Fact]
    public async Task A_withdrawn_key_is_known_for_five_minutes_at_most_also_where_nobody_asked_meanwhile()
    {
        await using var provider = await IdentityProvider.StartAsync();
        using var first = provider.AddRsa("first");
        using var second = provider.AddRsa("second");
        var keys = Keys(provider);
        Assert.Equal(["first", "second"], await IdsAsync(keys));

        provider.Remove("first");
        clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.Equal(["first", "second"], await IdsAsync(keys));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["second"], await IdsAsync(keys));
    }

    [Fact]
    public async Task Keys_outlive_their_provider_for_an_hour_and_nothing_is_known_after_it()
    {
        await using var provider = await IdentityProvider.StartAsync();
        using var key = provider.AddRsa("one");
        var keys = Keys(provider);
        Assert.Equal(["one"], await IdsAsync(keys));

        provider.IsAway = true;
        clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1));
        Assert.Equal(["one"], await IdsAsync(keys));
        clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAsync<ProviderAwayException>(() => keys.GetConfigurationAsync(CancellationToken.None));

        provider.IsAway = false;
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["one"], await IdsAsync(keys));
    }

    [Fact]
    public async Task A_provider_that_is_away_is_asked_once_in_ten_seconds()
    {
        await using var provider = await IdentityProvider.StartAsync();
        using var key = provider.AddRsa("one");
        var keys = Keys(provider);
        await IdsAsync(keys);
        provider.IsAway = true;
        clock.Advance(TimeSpan.FromMinutes(5));
        for (var seconds = 0; seconds < 60; seconds++)
        {
            Assert.Equal(["one"], await IdsAsync(keys));
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(7, fetches);
    }

    ProviderKeys Keys(IdentityProvider provider)
    {
        var address = $"{provider.Issuer}/.well-known/openid-configuration";
        return new ProviderKeys(address, new Counted(url => fetches += url == address ? 1 : 0), clock, NullLogger<ProviderKeys>.Instance);
    }

    static async Task<IEnumerable<string>> IdsAsync(ProviderKeys keys) =>
        (await keys.GetConfigurationAsync(CancellationToken.None)).SigningKeys.Select(key => key.KeyId).ToList();

    /// <summary>Documents over HTTP; the retriever asks more than once for one that it does not get.</summary>
    sealed class Counted(Action<string> count) : IDocumentRetriever
    {
        readonly HttpDocumentRetriever documents = new() { RequireHttps = false };

        public Task<string> GetDocumentAsync(string address, CancellationToken cancel)
        {
            count(address);
            return documents.GetDocumentAsync(address, cancel);
        }
    }
}
