using System.Collections.Concurrent;
using System.Text;

namespace Countersign.Bench;

/// <summary>What a user would read in the mail: the latest code of each, until the load generator takes them.</summary>
sealed class CodeBook
{
    readonly ConcurrentDictionary<string, string> codes = new();

    public void Keep(string userId, string code) => codes[userId] = code;

    /// <summary><c>GET /bench/codes</c>: a line <c>userId code</c> for each, and they are gone from here.</summary>
    public void Map(WebApplication app) => app.MapGet("/bench/codes", Take);

    string Take()
    {
        var lines = new StringBuilder();
        foreach (var (userId, _) in codes)
        {
            if (codes.TryRemove(userId, out var code))
                lines.Append(userId).Append(' ').Append(code).Append('\n');
        }

        return lines.ToString();
    }
}
