using Countersign.Domain;

namespace Countersign.Bench.Systems;

/// <summary>
/// How the product is run: as shipped, but that quotas allow what a bench does on purpose. None is off: each is counted, and would be kept, as ever.
/// </summary>
sealed class ProductSettings
{
    /// <summary>The folder of the server, from the root of the repository.</summary>
    public const string Project = "bench/Product";

    const string KeyId = "bench";
    const int Plenty = 1_000_000;

    readonly byte[] key = TokenCodes.NewKeyValue();

    /// <summary>What rows are sealed with that were not written by the server.</summary>
    public TokenCodes Codes => new([new TokenKey(KeyId, key)]);

    public IEnumerable<string> Arguments =>
    [
        $"--Countersign:Keys:0:Id={KeyId}",
        $"--Countersign:Keys:0:Value={Convert.ToBase64String(key)}",
        "--Countersign:TrustedProxies:0=127.0.0.1",
        "--Countersign:Limits:ResendAfter:Email=00:00:00",
        $"--Countersign:Limits:IssuesPerHour={Plenty}",
        $"--Countersign:Limits:Recipient:Email:TenMinutes={Plenty}",
        $"--Countersign:Limits:Recipient:Email:Day={Plenty}",
        $"--Countersign:Limits:Client:IssuesPerHour={Plenty}",
        $"--Countersign:Limits:Client:RedeemsPerFiveMinutes={Plenty}",
    ];
}
