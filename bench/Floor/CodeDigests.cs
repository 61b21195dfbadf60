using System.Security.Cryptography;
using System.Text;

namespace Countersign.Bench.Floor;

/// <summary>HMAC-SHA-256 over user, operation and code: what the table has in place of a code.</summary>
sealed class CodeDigests(byte[] key)
{
    public byte[] Of(string userId, string operation, string code) =>
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{userId}\n{operation}\n{code}"));
}
