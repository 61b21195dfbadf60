using System.Runtime.InteropServices;
using System.Security.Claims;
using System.Security.Cryptography;
using Countersign.Stores;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace Countersign.Server;

/// <summary>
/// Bearers that were validated lately: to check a signature costs as much as all else that a request does. They are kept under a hash, so that no
/// bearer stands in memory for longer than its request; never past their expiry, nor the keys and settings that they were validated with.
/// </summary>
sealed class BearerCache
{
    /// <summary>For so long at most a bearer is not looked at again.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);

    /// <summary>Characters. What is longer is validated each time, so that the memory is bounded.</summary>
    const int MaxLength = 4_096;

    /// <summary>Bearers in a half of the memory.</summary>
    const int Capacity = 10_000;

    const string Scheme = "Bearer ";

    readonly Generations<BearerHash, Validated> known = new(Capacity, KeptFor, TimeProvider.System);

    public void Attach(JwtBearerOptions bearer) => bearer.Events = new JwtBearerEvents { OnMessageReceived = FindAsync, OnTokenValidated = KeepAsync };

    async Task FindAsync(MessageReceivedContext context)
    {
        if (Read(context.Request) is not { } token)
            return;

        // Asked for each time, as the handler does: they may be old, and fetched anew.
        object? keys;
        try
        {
            keys = await KeysAsync(context.Options, context.HttpContext);
        }
        catch (ProviderAwayException)
        {
            // The handler meets the same, and refuses.
            return;
        }

        var asked = new Asked(BearerHash.Of(token), keys);
        context.HttpContext.Items[this] = asked;
        if (!known.TryGet(asked.Hash, out var found) || !found.IsGood(context.Options, keys, Now(context.Options)))
            return;

        context.Principal = found.Principal;
        context.Success();
    }

    Task KeepAsync(TokenValidatedContext context)
    {
        if (context.HttpContext.Items[this] is not Asked asked || context.Principal?.Identity is not ClaimsIdentity identity)
            return Task.CompletedTask;

        // A copy, because the identity of the handler holds the bearer.
        var copy = new CaseSensitiveClaimsIdentity(identity.Claims, identity.AuthenticationType, identity.NameClaimType, identity.RoleClaimType);
        var now = Now(context.Options);
        var expiresAt = new DateTimeOffset(context.SecurityToken.ValidTo, TimeSpan.Zero);
        // The keys from before: where they were fetched anew meanwhile, the next request validates once more.
        known.Set(asked.Hash, new Validated(
            new ClaimsPrincipal(copy), context.Options, asked.Keys, expiresAt < now + KeptFor ? expiresAt : now + KeptFor));
        return Task.CompletedTask;
    }

    /// <summary>As the handler reads it; null where there is none, or none that is kept.</summary>
    static string? Read(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && header.Length <= MaxLength ? header[Scheme.Length..].Trim() : null;
    }

    /// <summary>What the provider says now; null where the keys are configured.</summary>
    static async ValueTask<object?> KeysAsync(JwtBearerOptions options, HttpContext http) =>
        options.ConfigurationManager is { } manager ? await manager.GetConfigurationAsync(http.RequestAborted) : null;

    static DateTimeOffset Now(JwtBearerOptions options) => (options.TimeProvider ?? TimeProvider.System).GetUtcNow();

    /// <summary>What a request brought, and the keys that there were then.</summary>
    sealed record Asked(BearerHash Hash, object? Keys);

    /// <param name="Options">Which are others when the settings change.</param>
    /// <param name="Keys">Which are others when they are fetched anew.</param>
    sealed record Validated(ClaimsPrincipal Principal, JwtBearerOptions Options, object? Keys, DateTimeOffset Until)
    {
        public bool IsGood(JwtBearerOptions options, object? keys, DateTimeOffset now) => ReferenceEquals(Options, options) && ReferenceEquals(Keys, keys) && now < Until;
    }

    /// <summary>SHA-256.</summary>
    readonly record struct BearerHash(UInt128 First, UInt128 Second)
    {
        public static BearerHash Of(string token)
        {
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(MemoryMarshal.AsBytes(token.AsSpan()), hash);
            return MemoryMarshal.Read<BearerHash>(hash);
        }
    }
}
