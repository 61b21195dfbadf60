using System.Globalization;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Countersign.Server;

/// <summary>
/// The standard bearer configuration of ASP.NET Core, section <c>Authentication:Schemes:Bearer</c>, made strict: an issuer is always configured,
/// algorithms are an allow-list, and a key only speaks for the issuer that it is configured for.
/// </summary>
static class BearerAuthentication
{
    const string Section = "Authentication:Schemes:Bearer";

    /// <summary>Bytes. A key for HMAC is no shorter than its hash (RFC 7518, 3.2).</summary>
    const int MinSharedKeySize = 32;

    static readonly TimeSpan ToleratedClockSkew = TimeSpan.FromSeconds(30);

    public static readonly string[] AsymmetricAlgorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    static readonly string[] SymmetricAlgorithms =
        [SecurityAlgorithms.HmacSha256, SecurityAlgorithms.HmacSha384, SecurityAlgorithms.HmacSha512];

    public static void AddBearerAuthentication(this WebApplicationBuilder builder)
    {
        CheckForm(builder.Configuration.GetSection(Section));
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        builder.Services.AddSingleton<IValidateOptions<JwtBearerOptions>>(new IssuerCheck(builder.Environment));
        var options = builder.Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme).ValidateOnStart();

        options.PostConfigure<TimeProvider, ILogger<ProviderKeys>>(UseProviderKeys);
        options.PostConfigure(new BearerCache().Attach);
        var signingKeys = builder.Configuration.GetSection($"{Section}:SigningKeys").GetChildren().Select(ReadSharedKey).ToList();
        if (!builder.Environment.IsDevelopment())
        {
            options.PostConfigure(bearer => Harden(bearer, signingKeys, null));
            return;
        }

        builder.Services.AddSingleton<DevelopmentBearers>();
        options.PostConfigure<DevelopmentBearers>((bearer, development) =>
        {
            var parameters = bearer.TokenValidationParameters;
            parameters.ValidIssuers = [.. parameters.ValidIssuers ?? [], DevelopmentBearers.Issuer];
            parameters.ValidAudiences = [.. parameters.ValidAudiences ?? [], DevelopmentBearers.Issuer];
            parameters.IssuerSigningKeys = [.. parameters.IssuerSigningKeys ?? [], development.Key];
            Harden(bearer, signingKeys, development.Key);
        });
    }

    /// <summary>What the framework reads of the section it reads without naming it when it cannot.</summary>
    static void CheckForm(IConfigurationSection section)
    {
        foreach (var name in new[] { "IncludeErrorDetails", "MapInboundClaims", "RefreshOnIssuerKeyNotFound", "RequireHttpsMetadata", "SaveToken" })
        {
            if (section[name] is { Length: > 0 } text && !bool.TryParse(text, out _))
                throw new SettingException($"{Section}:{name} is '{text}'; it is true or false.");
        }

        foreach (var name in new[] { "ValidateAudience", "ValidateIssuer", "ValidateLifetime", "ValidateIssuerSigningKey" })
        {
            if (section[name] is { Length: > 0 } text && !(bool.TryParse(text, out var validates) && validates))
                throw new SettingException($"{Section}:{name} is '{text}'. It is always checked: leave it out.");
        }

        if (section["BackchannelTimeout"] is { Length: > 0 } timeout && !TimeSpan.TryParse(timeout, CultureInfo.InvariantCulture, out _))
            throw new SettingException($"{Section}:BackchannelTimeout is '{timeout}'; it is a time such as 00:01:00.");
    }

    /// <summary>In place of the framework's, which takes a withdrawn key for hours.</summary>
    static void UseProviderKeys(JwtBearerOptions bearer, TimeProvider clock, ILogger<ProviderKeys> log)
    {
        if (bearer.ConfigurationManager is not ConfigurationManager<OpenIdConnectConfiguration>)
            return;

        var documents = new HttpDocumentRetriever(bearer.Backchannel) { RequireHttps = bearer.RequireHttpsMetadata };
        bearer.ConfigurationManager = new ProviderKeys(bearer.MetadataAddress, documents, clock, log);
    }

    static void Harden(JwtBearerOptions bearer, List<SharedKey> signingKeys, SecurityKey? developmentKey)
    {
        bearer.MapInboundClaims = false;
        var parameters = bearer.TokenValidationParameters;
        parameters.ValidateIssuer = true;
        parameters.ValidateAudience = true;
        parameters.RequireSignedTokens = true;
        parameters.ValidateIssuerSigningKey = true;
        parameters.ValidAlgorithms = signingKeys.Count == 0 ? AsymmetricAlgorithms : [.. AsymmetricAlgorithms, .. SymmetricAlgorithms];
        parameters.IssuerSigningKeyValidator = (key, token, _) => MaySpeakFor(key, token.Issuer, signingKeys, developmentKey);
        parameters.LifetimeValidator = (notBefore, expires, _, _) =>
            IsInTime(notBefore, expires, (bearer.TimeProvider ?? TimeProvider.System).GetUtcNow().UtcDateTime);
    }

    /// <summary>
    /// A shared key speaks for the issuer that it was configured with, the key of Development for Development, and every other key, which came
    /// from an authority, for neither of them: so that nobody's key passes for somebody else's.
    /// </summary>
    static bool MaySpeakFor(SecurityKey key, string issuer, List<SharedKey> signingKeys, SecurityKey? developmentKey)
    {
        if (key == developmentKey || issuer == DevelopmentBearers.Issuer)
            return key == developmentKey && issuer == DevelopmentBearers.Issuer;
        if (key is SymmetricSecurityKey shared)
            return signingKeys.Contains(new SharedKey(issuer, Convert.ToBase64String(shared.Key)));
        return signingKeys.All(signingKey => signingKey.Issuer != issuer);
    }

    /// <summary>An expiry is demanded, and kept to the second; only what is not valid yet may be an issuer's clock that is ahead.</summary>
    static bool IsInTime(DateTime? notBefore, DateTime? expires, DateTime now) =>
        expires > now && (notBefore is null || notBefore <= now + ToleratedClockSkew);

    /// <summary>In the one form that its bytes have in base64, so that keys can be compared.</summary>
    static SharedKey ReadSharedKey(IConfigurationSection key)
    {
        var value = new byte[key["Value"]?.Length ?? 0];
        return Convert.TryFromBase64String(key["Value"] ?? "", value, out var size) && size >= MinSharedKeySize
            ? new SharedKey(key["Issuer"], Convert.ToBase64String(value.AsSpan(0, size)))
            : throw new SettingException($"{key.Path}:Value is not base64 of at least {MinSharedKeySize} bytes.");
    }

    sealed record SharedKey(string? Issuer, string Value);

    /// <summary>Stops the start where nobody's tokens, or everybody's, would be taken.</summary>
    sealed class IssuerCheck(IHostEnvironment environment) : IValidateOptions<JwtBearerOptions>
    {
        public ValidateOptionsResult Validate(string? name, JwtBearerOptions options)
        {
            // Development takes its own tokens at least.
            if (environment.IsDevelopment())
                return ValidateOptionsResult.Success;

            var parameters = options.TokenValidationParameters;
            var hasDiscovery = !string.IsNullOrEmpty(options.Authority) || !string.IsNullOrEmpty(options.MetadataAddress);
            var hasIssuer = !string.IsNullOrEmpty(parameters.ValidIssuer) || parameters.ValidIssuers?.Any() == true;
            var hasAudience = !string.IsNullOrEmpty(options.Audience)
                || !string.IsNullOrEmpty(parameters.ValidAudience) || parameters.ValidAudiences?.Any() == true;

            var errors = new List<string>();
            if (!hasDiscovery && !hasIssuer)
                errors.Add($"{Section}:Authority is missing: no issuer is configured, so nobody's bearer tokens could be taken. Set it to the URL of your OpenID Connect provider.");
            else if (!hasDiscovery && parameters.IssuerSigningKeys?.Any() != true)
                errors.Add($"{Section}:SigningKeys is missing: without an Authority, the keys of {Section}:ValidIssuer have to be configured.");
            if (!hasAudience)
                errors.Add($"{Section}:ValidAudiences is missing: set it to the audience of the bearer tokens that are meant for Countersign.");
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
