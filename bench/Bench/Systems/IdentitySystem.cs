using Countersign.Bench.Load;
using Countersign.Bench.Machine;
using Npgsql;
using NpgsqlTypes;

namespace Countersign.Bench.Systems;

/// <summary>What comes with the framework: ASP.NET Core Identity on Entity Framework Core.</summary>
sealed class IdentitySystem(Workplace place, Postgres postgres, Issuer issuer) : PostgresSystem(place, postgres, issuer)
{
    public override string Name => "identity";

    public override Wire Wire { get; } = new IdentityWire();

    protected override string Project => "bench/Identity";

    protected override IEnumerable<string> Settings() => [];

    protected override void Load(string database, long accounts)
    {
        using var connection = Database.Open(database);
        using var rows = connection.BeginBinaryImport(
            """
            COPY "AspNetUsers" (
              "Id", "UserName", "NormalizedUserName", "Email", "NormalizedEmail", "SecurityStamp", "ConcurrencyStamp",
              "EmailConfirmed", "PhoneNumberConfirmed", "TwoFactorEnabled", "LockoutEnabled", "AccessFailedCount")
            FROM STDIN (FORMAT BINARY)
            """);
        for (var account = 0L; account < accounts; account++)
        {
            var (userId, email) = (Sample.UserId(account), Sample.Email(account));
            rows.StartRow();
            foreach (var text in new[] { userId, userId, userId.ToUpperInvariant(), email, email.ToUpperInvariant(), $"STAMP-{userId}", $"{userId}-1" })
                rows.Write(text, NpgsqlDbType.Text);
            foreach (var truth in new[] { true, false, false, true })
                rows.Write(truth, NpgsqlDbType.Boolean);
            rows.Write(0, NpgsqlDbType.Integer);
        }

        rows.Complete();
    }

    /// <summary>It neither counts wrong guesses of such a token, nor changes.</summary>
    protected override ILedger OpenLedger(string database) => new SqlLedger(Database.Open(database))
    {
        Showing = """SELECT COUNT(*) FROM "AspNetUsers" WHERE "Email" LIKE '{0}.%'""",
    };
}
