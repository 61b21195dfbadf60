using System.Security.Cryptography;
using Countersign.Bench.Load;
using Countersign.Bench.Machine;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.Bench.Systems;

/// <summary>The limit: what a careful engineer writes by hand.</summary>
sealed class FloorSystem(Workplace place, Postgres postgres, Issuer issuer) : PostgresSystem(place, postgres, issuer)
{
    readonly string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    public override string Name => "floor";

    protected override string Project => "bench/Floor";

    protected override IEnumerable<string> Settings() => [$"--Floor:Key={key}"];

    protected override void Load(string database, long accounts)
    {
        using var connection = Database.Open(database);
        using var rows = connection.BeginBinaryImport("COPY accounts (user_id, email, anti_phishing_code, version) FROM STDIN (FORMAT BINARY)");
        for (var account = 0L; account < accounts; account++)
        {
            rows.StartRow();
            rows.Write(Sample.UserId(account), NpgsqlDbType.Text);
            rows.Write(Sample.Email(account), NpgsqlDbType.Text);
            rows.Write("Code0000", NpgsqlDbType.Text);
            rows.Write(0L, NpgsqlDbType.Bigint);
        }

        rows.Complete();
    }

    protected override ILedger OpenLedger(string database) => new SqlLedger(Database.Open(database))
    {
        Changes = "SELECT COALESCE(SUM(version), 0)::BIGINT FROM accounts",
        Showing = "SELECT COUNT(*) FROM accounts WHERE anti_phishing_code = '{0}' OR email LIKE '{0}.%'",
        WrongGuesses = "SELECT COALESCE(SUM(wrong_tries), 0)::BIGINT FROM tokens",
    };
}
