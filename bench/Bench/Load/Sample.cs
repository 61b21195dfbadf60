using System.Globalization;
using System.Text;
using Countersign.Bench.Machine;

namespace Countersign.Bench.Load;

/// <summary>The accounts that requests are made for, scattered over all that there are, each with a bearer and a client address of its own.</summary>
sealed class Sample
{
    /// <summary>A prime larger than any number of accounts: its multiples visit each account once, and no two neighbours in a row.</summary>
    const long Stride = 27_644_437;

    /// <summary>Bearers are signed beforehand, which takes a second for some thousand.</summary>
    const int Most = 10_000;

    readonly long[] accounts;
    readonly byte[][] userIds;
    readonly byte[][] credentials;
    readonly Dictionary<string, int> places;

    public Sample(Issuer issuer, long total)
    {
        var count = (int)Math.Min(total, Most);
        accounts = [.. Enumerable.Range(0, count).Select(i => i * Stride % total)];
        userIds = Array.ConvertAll(accounts, account => Encoding.ASCII.GetBytes(UserId(account)));
        credentials = new byte[count][];
        Parallel.For(0, count, i => credentials[i] = Credentials(issuer.Bearer(UserId(accounts[i])), accounts[i]));
        places = Enumerable.Range(0, count).ToDictionary(i => UserId(accounts[i]));
    }

    public int Count => accounts.Length;

    public static string UserId(long account) => string.Create(CultureInfo.InvariantCulture, $"user-{account:D8}");

    public static string Email(long account) => $"{UserId(account)}@example.com";

    public Requester RequesterAt(int place) => new(userIds[place], credentials[place]);

    public int Place(string userId) => places[userId];

    /// <summary>One address for all would be a limit that all of them share.</summary>
    static byte[] Credentials(string bearer, long account) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"Authorization: Bearer {bearer}\r\nX-Forwarded-For: 10.{(account >> 16) & 255}.{(account >> 8) & 255}.{account & 255}\r\n"));
}

/// <summary>On whose behalf a request is.</summary>
/// <param name="credentials">Whole headers: who it is, and from where.</param>
readonly ref struct Requester(ReadOnlySpan<byte> userId, ReadOnlySpan<byte> credentials)
{
    public ReadOnlySpan<byte> UserId { get; } = userId;

    public ReadOnlySpan<byte> Credentials { get; } = credentials;
}
