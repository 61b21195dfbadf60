using Countersign.Bench.Machine;
using Countersign.Bench.Systems;
using Countersign.Domain;

namespace Countersign.Bench;

/// <summary>Countersign.Server as an operator gets it, to see how soon it answers.</summary>
static class PublishedServer
{
    const int Starts = 5;

    /// <summary>From the start of the process to its first 200, of five starts on a database that is there.</summary>
    public static IReadOnlyList<TimeSpan> MeasureStarts(Workplace place, Issuer issuer)
    {
        var program = PublishedProgram.Of(place, "src/Countersign.Server");
        string[] args =
        [
            $"--ConnectionStrings:Sqlite=Data Source={Path.Combine(place.Folder, "published.db")}",
            "--Countersign:Email:Smtp:Host=127.0.0.1",
            "--Countersign:Email:Smtp:From=bench@example.com",
            "--Countersign:Sms:Providers:0:Kind=Webhook",
            "--Countersign:Sms:Providers:0:Webhook:Url=http://127.0.0.1:9/sms",
            $"--Countersign:Sms:Providers:0:Webhook:Secrets:0=whsec_{Convert.ToBase64String(TokenCodes.NewKeyValue())}",
            .. issuer.Settings,
            .. new ProductSettings().Arguments,
        ];
        TimeSpan Start()
        {
            using var server = new ServerProcess(place, program, args);
            return server.StartTime;
        }

        // The first makes the database.
        _ = Start();
        return [.. Enumerable.Range(0, Starts).Select(_ => Start())];
    }
}
