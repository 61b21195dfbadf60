using System.Diagnostics;
using System.Text.RegularExpressions;

using Countersign.Tests.Hosting;

namespace Countersign.Tests.Docs;

/// <summary>The pages are typed into a shell as they stand, against the server as it is started.</summary>
public sealed partial class ToursTests
{
    const string Marker = "-- next block --";

    [Theory]
    [InlineData("README.md", 6)]
    [InlineData("docs/quickstart.md", 6)]
    public async Task The_page_does_what_it_says(string path, int outputs)
    {
        await using var server = await HostProcess.StartAsync("Countersign.Server");
        var steps = Steps(new MarkdownPage(path));
        Assert.Equal(outputs, steps.Count(step => step.Output is not null));

        var printed = (await RunAsync(string.Join($"\necho '{Marker}'\n", steps.Select(step => step.Script)), server.Http.BaseAddress!)).Split($"{Marker}\n");
        Assert.Equal(steps.Count, printed.Length);
        foreach (var (step, output) in steps.Zip(printed))
        {
            if (step.Output is { } expected)
                Assert.Equal(Normalise(expected), Normalise(output));
            else
                Assert.DoesNotContain("urn:countersign:problem", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_server_says_where_to_click_as_the_README_shows()
    {
        await using var server = await HostProcess.StartAsync("Countersign.Server");
        var shown = new MarkdownPage("README.md").Blocks("Start")[0].Text.Split('\n');
        var banner = string.Join('\n', shown.SkipWhile(line => !line.StartsWith("Countersign", StringComparison.Ordinal)));

        Assert.Equal(6, banner.Split('\n').Length);
        await server.WaitForAsync(banner
            .Replace("http://localhost:5000", server.Http.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal)
            .Replace("…/src/Countersign.Server/data", server.File("data"), StringComparison.Ordinal));
    }

    [Fact]
    public void The_commands_of_the_README_are_there()
    {
        var commands = new MarkdownPage("README.md").Blocks("Start").Select(block => block.Text.Split('\n')[0]);
        Assert.Equal(["$ dotnet run --project src/Countersign.Server", "$ ./test"], commands);
        Assert.True(File.Exists(Repository.File("src/Countersign.Server/Countersign.Server.csproj")));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Repository.File("test")).HasFlag(UnixFileMode.UserExecute));
    }

    [Fact]
    public void Links_between_pages_lead_somewhere()
    {
        string[] pages = [.. Repository.Files("docs", "*.md"), "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
        var links = from page in pages
                    from Match link in Link().Matches(Repository.Read(page))
                    let target = link.Groups[1].Value.Split('#')[0]
                    where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
                    select (Page: page, Target: target, Path: Path.Combine(Path.GetDirectoryName(Repository.File(page))!, target));

        Assert.InRange(links.Count(), 10, 1_000);
        Assert.DoesNotContain(links, link => !Path.Exists(link.Path));
    }

    static List<(string Script, string? Output)> Steps(MarkdownPage page)
    {
        var steps = new List<(string Script, string? Output)>();
        foreach (var block in page.AllBlocks)
        {
            if (block.Language == "bash")
                steps.Add((block.Text, null));
            else if (block.Language == "json")
                steps[^1] = steps[^1] with { Output = block.Text + "\n" };
        }

        return steps;
    }

    static async Task<string> RunAsync(string script, Uri server)
    {
        var start = new ProcessStartInfo("bash", ["-eu", "-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["URL"] = server.ToString().TrimEnd('/');
        using var bash = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var output = bash.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = bash.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await bash.WaitForExitAsync(limit.Token);
            Assert.True(bash.ExitCode == 0, $"{await output}\n{await errors}");
            return await output;
        }
        finally
        {
            if (!bash.HasExited)
                bash.Kill(entireProcessTree: true);
        }
    }

    /// <summary>What differs from run to run: times, references, trace ids.</summary>
    static string Normalise(string output) => Trace().Replace(Reference().Replace(Time().Replace(output, "TIME"), "\"reference\":\"REF\""), "\"traceId\":\"TRACE\"");

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")]
    private static partial Regex Time();

    [GeneratedRegex("\"reference\":\"[A-Z2-9]{3}\"")]
    private static partial Regex Reference();

    [GeneratedRegex("\"traceId\":\"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]\"")]
    private static partial Regex Trace();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
