using Countersign.Server;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Countersign.Tests.Server;

public sealed class BearerCacheTests
{
    readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
    int validations;

    [Fact]
    public async Task A_bearer_is_validated_once_in_a_minute()
    {
        await using var server = await StartAsync();
        var (alice, bob) = (Bearer("alice", TimeSpan.FromHours(1)), Bearer("bob", TimeSpan.FromHours(1)));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await server.SendAsync("GET", "/api/v1/account", alice)).Status);
            Assert.Equal(200, (await server.SendAsync("GET", "/api/v1/account", bob)).Status);
        }

        Assert.Equal(2, validations);
        clock.Advance(BearerCache.KeptFor - TimeSpan.FromMilliseconds(1));
        await server.SendAsync("GET", "/api/v1/account", alice);
        Assert.Equal(2, validations);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await server.SendAsync("GET", "/api/v1/account", alice);
        Assert.Equal(3, validations);
    }

    [Fact]
    public async Task A_bearer_that_was_validated_ends_with_its_expiry()
    {
        await using var server = await StartAsync();
        var bearer = Bearer("alice", TimeSpan.FromSeconds(20));
        Assert.Equal(200, (await server.SendAsync("GET", "/api/v1/account", bearer)).Status);
        clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(200, (await server.SendAsync("GET", "/api/v1/account", bearer)).Status);
        Assert.Equal(1, validations);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(401, (await server.SendAsync("GET", "/api/v1/account", bearer)).Status);
    }

    [Fact]
    public async Task Nothing_of_a_bearer_that_was_refused_is_kept_and_a_part_of_one_is_another()
    {
        await using var server = await StartAsync();
        var bearer = Bearer("alice", TimeSpan.FromHours(1));
        Assert.Equal(200, (await server.SendAsync("GET", "/api/v1/account", bearer)).Status);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(401, (await server.SendAsync("GET", "/api/v1/account", bearer[..^1])).Status);
            Assert.Equal(401, (await server.SendAsync("GET", "/api/v1/account", Bearer("alice", TimeSpan.FromSeconds(-1)))).Status);
        }
    }

    Task<TestServer> StartAsync() => TestServer.StartAsync(new TestServer.Setup
    {
        Settings = Production.SharedKeyBearer,
        Clock = clock,
        Configure = builder => builder.Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).PostConfigure(bearer =>
        {
            var parameters = bearer.TokenValidationParameters;
            var validate = parameters.LifetimeValidator;
            parameters.LifetimeValidator = (notBefore, expires, token, all) =>
            {
                Interlocked.Increment(ref validations);
                return validate(notBefore, expires, token, all);
            };
        }),
    });

    string Bearer(string user, TimeSpan lifetime)
    {
        var claims = Tokens.Claims(Production.Issuer, clock.GetUtcNow(), user);
        claims["exp"] = (clock.GetUtcNow() + lifetime).ToUnixTimeSeconds();
        return Tokens.Hs256(Production.SharedKey, claims);
    }
}
