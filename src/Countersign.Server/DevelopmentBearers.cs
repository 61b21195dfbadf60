using System.Security.Cryptography;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Countersign.Server;

/// <summary>An issuer of bearer tokens for anybody, in Development only. Its key is kept beside the database.</summary>
sealed class DevelopmentBearers
{
    public const string Issuer = "countersign-development";

    const string FileName = "countersign.development.pem";

    static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    readonly TimeProvider clock;

    public DevelopmentBearers(IHostEnvironment environment, IConfiguration configuration, TimeProvider clock)
    {
        if (!environment.IsDevelopment())
            throw new InvalidOperationException("Tokens for anybody are made in Development only.");

        this.clock = clock;
        var pem = DevelopmentSecrets.LoadOrCreate(Path.Combine(ServerSetup.DataDirectory(configuration), FileName), NewPem);
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        Key = new ECDsaSecurityKey(key) { KeyId = Issuer };
    }

    public ECDsaSecurityKey Key { get; }

    public DevelopmentBearer Issue(string userId, string? scope)
    {
        var now = clock.GetUtcNow();
        // Whoever asks for a token here has authenticated by that.
        var claims = new Dictionary<string, object> { ["sub"] = userId, ["auth_time"] = now.ToUnixTimeSeconds() };
        if (scope is not null)
            claims["scope"] = scope;

        var token = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Issuer,
            Claims = claims,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + Lifetime).UtcDateTime,
            SigningCredentials = new SigningCredentials(Key, SecurityAlgorithms.EcdsaSha256),
        });
        return new DevelopmentBearer(token, Lifetime);
    }

    static string NewPem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem();
    }
}
