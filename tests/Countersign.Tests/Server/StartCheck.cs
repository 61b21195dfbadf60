using Countersign.Server;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Server;

static class StartCheck
{
    /// <summary>What a server with such settings would say when it refuses to start, without a process of its own; empty where it would start.</summary>
    public static async Task<IReadOnlyList<string>> ExplainAsync(params IEnumerable<string> settings)
    {
        using var folder = new TestFolder();
        string[] args = ["urls=http://127.0.0.1:0", $"ConnectionStrings:Sqlite=Data Source={folder.File("countersign.db")}", .. settings];
        try
        {
            await using var app = Program.Build([.. args.Select(setting => $"--{setting}")]);
            app.CheckSettings();
        }
        catch (Exception e) when (StartupErrors.Explain(e) is { } lines)
        {
            return [.. lines];
        }

        return [];
    }
}
