using System.Text.Json;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;

namespace Countersign.Tests.Server;

public sealed class AuditCommandTests
{
    const string Key = "kXo0Yw1u1GmW8m3l6bq3H0p5c9d2e7f4a1s8z6x0v2Q=";

    static readonly string[] Keys = ["Countersign:Keys:0:Id=test", $"Countersign:Keys:0:Value={Key}"];

    [Fact]
    [Trait("ASVS", "16.4.2")]
    public async Task Verify_says_that_all_is_as_it_was_written_until_somebody_edits_a_row()
    {
        using var folder = new TestFolder();
        await LiveAsync(folder);

        var intact = await RunAsync(folder, "verify");
        Assert.Equal((0, ""), (intact.ExitCode, intact.Error));
        Assert.EndsWith(": audit trails 2, events 5, findings 0\n", intact.Output, StringComparison.Ordinal);
        Assert.EndsWith(": audit trails 1, events 1, findings 0\n", (await RunAsync(folder, "verify", "--user", "bob")).Output, StringComparison.Ordinal);

        await using (var editor = OtherConnection.To(folder))
            Assert.Equal(1, editor.Execute("UPDATE audit_events SET ip = '198.51.100.1' WHERE user_id = 'alice' AND type = 'token_issued'"));
        var edited = await RunAsync(folder, "verify");
        Assert.Equal(1, edited.ExitCode);
        Assert.StartsWith(
            "alice: event 2.0 is not what was written, or what stood before it is missing or was moved\n", edited.Output, StringComparison.Ordinal);
        Assert.EndsWith(": audit trails 2, events 5, findings 1\n", edited.Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync(folder, "verify", "--user", "bob")).ExitCode);

        var nobody = await RunAsync(folder, "verify", "--user", "nobody");
        Assert.Equal((1, ""), (nobody.ExitCode, nobody.Output));
        Assert.EndsWith(": there is no audit trail of 'nobody'.\n", nobody.Error, StringComparison.Ordinal);

        // With another key nobody can tell, and it says so.
        var other = await ServerProcess.RunAsync(
            folder, ["audit", "verify", "--user", "bob", .. Settings(folder), "--Countersign:Keys:0:Id=other", $"--Countersign:Keys:0:Value={Key}"]);
        Assert.Equal(1, other.ExitCode);
        Assert.Contains("bob: event 1.0 cannot be verified: its key 'test' is not among Countersign:Keys\n", other.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("ASVS", "16.2.1")]
    [Trait("ASVS", "16.2.4")]
    public async Task Export_prints_a_line_of_JSON_for_each_event_in_the_words_of_the_OWASP_vocabulary()
    {
        using var folder = new TestFolder();
        await LiveAsync(folder);

        var export = await RunAsync(folder, "export", "--user", "alice");

        Assert.Equal((0, ""), (export.ExitCode, export.Error));
        var lines = export.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            [
                "user_created:platform,alice", "authn_token_created:alice,userKeys/changing", "authn_login_fail:alice",
                "authz_fail:alice,mfa/disabling",
            ],
            lines.Select(line => line.GetProperty("event").GetString()));
        Assert.All(lines, line => Assert.Equal("countersign", line.GetProperty("appid").GetString()));
        var issued = lines[1];
        Assert.Equal(
            ("INFO", "alice", "2.0", "token_issued", "a***e@example.com", "127.0.0.1"),
            (Text(issued, "level"), Text(issued, "user_id"), Text(issued, "id"), Text(issued, "type"), Text(issued, "target"), Text(issued, "source_ip")));
        Assert.Equal("token_issued userKeys/changing EMAIL a***e@example.com by alice", Text(issued, "description"));
        Assert.Equal(32, issued.GetProperty("link").GetBytesFromBase64().Length);
        Assert.DoesNotContain(Verbs.Email, export.Output, StringComparison.Ordinal);

        Assert.Equal(5, (await RunAsync(folder, "export")).Output.Count(c => c == '\n'));
        Assert.Equal("", (await RunAsync(folder, "export", "--since", "2100-01-01")).Output);
    }

    [Theory]
    [InlineData]
    [InlineData("verfy")]
    [InlineData("verify", "--since", "2026-11-01")]
    [InlineData("verify", "--user")]
    [InlineData("export", "--since", "yesterday")]
    public async Task What_it_does_not_know_it_says(params string[] args)
    {
        using var folder = new TestFolder();
        var result = await RunAsync(folder, args);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("verify [--user ID] or export [--user ID] [--since TIME]", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--since", "export", "--since")]
    [InlineData("--user", "verify", "--user")]
    [InlineData("--since", "export", "--since", "--user", "bob")]
    public async Task An_option_without_a_value_is_said_to_lack_it(string option, params string[] args)
    {
        using var folder = new TestFolder();
        var result = await ServerProcess.RunAsync(folder, ["audit", .. args]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"{option} has no value. audit is followed by verify", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_said_and_not_made()
    {
        using var folder = new TestFolder();
        var result = await RunAsync(folder, "verify");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("There is no database of Countersign's.", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("countersign.db")));
    }

    static Task<ProcessResult> RunAsync(TestFolder folder, params string[] args) =>
        ServerProcess.RunAsync(folder, ["audit", .. args, .. Settings(folder), .. Keys.Select(setting => $"--{setting}")]);

    static string[] Settings(TestFolder folder) => [$"--ConnectionStrings:Sqlite=Data Source={folder.File("countersign.db")}"];

    /// <summary>Four events of alice's, and one of bob's.</summary>
    static async Task LiveAsync(TestFolder folder)
    {
        await using var server = await TestServer.StartAsync(new TestServer.Setup
        {
            Folder = folder,
            Settings = [.. Keys, $"ConnectionStrings:Sqlite=Data Source={folder.File("countersign.db")}"],
        });
        var alice = await server.UserWithAsync(Verbs.BothKeys);
        await server.UserWithAsync(new { email = "bob@example.com" }, "bob");
        var code = await alice.CodeAsync("userKeys/changing?keyType=EMAIL", Verbs.Email);
        (await alice.IssueAsync("userKeys/changing/newKey", new { oneTimeToken = Verbs.Wrong(code), newUserKey = "new@example.com" })).IsRefused(422, "token-invalid");
        (await alice.IssueAsync("mfa/disabling", new { destination = "EMAIL" })).IsRefused(409, "mfa-disabled");
    }

    static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();
}
