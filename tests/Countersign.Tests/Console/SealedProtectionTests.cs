using System.Security.Cryptography;
using System.Text;
using Countersign.Domain;
using Countersign.Server;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign.Tests.Console;

public sealed class SealedProtectionTests
{
    static readonly byte[] Secret = Encoding.UTF8.GetBytes("who is signed in");

    [Fact]
    public void Any_node_with_the_key_opens_what_was_sealed_also_when_another_key_seals_by_now()
    {
        var value = Protector(["one"], "cookies").Protect(Secret);
        Assert.Equal(Secret, Protector(["one"], "cookies").Unprotect(value));
        Assert.Equal(Secret, Protector(["two", "one"], "cookies").Unprotect(value));
        Assert.ThrowsAny<CryptographicException>(() => Protector(["two"], "cookies").Unprotect(value));
        Assert.NotEqual(value, Protector(["one"], "cookies").Protect(Secret));
        Assert.DoesNotContain("signed", Encoding.Latin1.GetString(value), StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_sealed_opens_for_its_purposes_only()
    {
        var value = Protector(["one"], "ab", "c").Protect(Secret);
        Assert.Equal(Secret, Protector(["one"], "ab", "c").Unprotect(value));
        foreach (var purposes in new string[][] { ["a", "bc"], ["ab"], ["ab", "c", ""], ["c", "ab"], ["ab/1:c"], ["AB", "c"] })
            Assert.ThrowsAny<CryptographicException>(() => Protector(["one"], purposes).Unprotect(value));
        // Nor as what else the keys seal.
        Assert.ThrowsAny<CryptographicException>(() => Codes(["one"]).Open("outbox", value));
    }

    [Fact]
    public void What_was_altered_or_cut_short_does_not_open()
    {
        var value = Protector(["one"], "cookies").Protect(Secret);
        for (var i = 0; i < value.Length; i++)
        {
            var altered = value.ToArray();
            altered[i] ^= 1;
            Assert.ThrowsAny<CryptographicException>(() => Protector(["one"], "cookies").Unprotect(altered));
            Assert.ThrowsAny<CryptographicException>(() => Protector(["one"], "cookies").Unprotect(value[..i]));
        }
    }

    [Fact]
    public async Task The_server_has_no_other_and_makes_no_key_ring()
    {
        await using var server = await TestServer.StartAsync();
        Assert.IsType<SealedProtection>(server.Services.GetRequiredService<IDataProtectionProvider>());
        Assert.DoesNotContain(server.Services.GetServices<IHostedService>(), service => service.GetType().FullName!.Contains("DataProtection", StringComparison.Ordinal));
    }

    static IDataProtector Protector(string[] ids, params string[] purposes) =>
        new SealedProtection(Codes(ids)).CreateProtector(purposes);

    static TokenCodes Codes(string[] ids) => new([.. ids.Select(id => new TokenKey(id, SHA256.HashData(Encoding.UTF8.GetBytes(id))))]);
}
