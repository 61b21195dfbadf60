using System.Net;
using System.Net.Sockets;
using Countersign.Server;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Server;

public sealed class CommandTests
{
    [Fact]
    public async Task A_start_with_nothing_configured_ends_with_a_line_for_each_thing_that_is_missing()
    {
        using var folder = new TestFolder();
        var result = await ServerProcess.RunAsync(folder, "--urls", "http://127.0.0.1:0");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Equal(
            [
                "Countersign does not start: Countersign:Keys:0 is missing",
                "Countersign does not start: Countersign:Email is missing",
                "Countersign does not start: Countersign:Sms is missing",
                "Countersign does not start: Authentication:Schemes:Bearer:Authority is missing",
                "Countersign does not start: Authentication:Schemes:Bearer:ValidAudiences is missing",
            ],
            result.ErrorLines.Select(line => string.Join(':', line.Split(": ")[..2]).Replace("start:", "start: ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_in_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        using var folder = new TestFolder();
        var result = await ServerProcess.RunAsync(folder, "--environment=Development", "--urls", url);

        Assert.Equal(1, result.ExitCode);
        Assert.Equal([$"Countersign does not start: Failed to bind to address {url}: address already in use."], result.ErrorLines);
        Assert.DoesNotContain("   at ", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_setting_ends_the_process_with_a_line_that_names_it()
    {
        using var folder = new TestFolder();
        var result = await ServerProcess.RunAsync(folder, "--environment=Development", "--urls", "http://127.0.0.1:0", "--Countersign:Tokens:Lifetime=soon");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Equal(
            ["Countersign does not start: Countersign:Tokens:Lifetime is 'soon'; it is a time as hours:minutes:seconds, such as 00:30:00, or days.hours:minutes:seconds."],
            result.ErrorLines);
    }

    [Theory]
    [InlineData("--bogus")]
    [InlineData("--urls")]
    [InlineData("--Countersgin:Tokens:Lifetime=00:10:00")]
    [InlineData("migrate", "--chek")]
    [InlineData("migrate", "--check=true")]
    [InlineData("migrate", "--Check")]
    [InlineData("migrate", "chekc")]
    public async Task An_argument_that_is_no_setting_stops_the_command_before_it_does_anything(params string[] args)
    {
        using var folder = new TestFolder();
        var result = await ServerProcess.RunAsync(folder, args);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains($"'{args[^1]}'", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("data")));
    }

    [Fact]
    public async Task A_new_key_is_32_bytes_alone_on_the_output_and_never_the_same()
    {
        using var folder = new TestFolder();
        var result = await ServerProcess.RunAsync(folder, "keys", "new");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(32, Convert.FromBase64String(result.Output.TrimEnd('\n')).Length);
        Assert.Contains("Countersign:Keys:0:Value", result.Error, StringComparison.Ordinal);
        Assert.NotEqual(result.Output, Run("keys", "new").Output);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    [InlineData("keys", "--help")]
    [InlineData("keys", "new", "--help")]
    [InlineData("migrate", "--help")]
    [InlineData("audit", "-h")]
    [InlineData("audit", "export", "--help")]
    [InlineData("templates", "--help")]
    [InlineData("templates", "preview", "--help")]
    public void Help_is_on_the_output(params string[] command)
    {
        var result = Run(command);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("Countersign.Server keys new", result.Output, StringComparison.Ordinal);
        Assert.Contains("Countersign.Server templates preview [--out DIR]", result.Output, StringComparison.Ordinal);
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void The_version_is_on_the_output()
    {
        var result = Run("--version");
        Assert.Equal(0, result.ExitCode);
        Assert.Matches(@"\A\d+\.\d+\.\d+\s\z", result.Output);
        Assert.Equal("", result.Error);
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("keys")]
    [InlineData("keys", "old")]
    [InlineData("keys", "new", "please")]
    [InlineData("")]
    public void A_command_that_there_is_not_is_refused(params string[] command)
    {
        var result = Run(command);
        Assert.Equal(2, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Equal([$"There is no command '{string.Join(' ', command)}'. See Countersign.Server --help."], result.ErrorLines);
    }

    [Theory]
    [InlineData]
    [InlineData("--urls", "http://127.0.0.1:5000")]
    [InlineData("urls=http://127.0.0.1:5000")]
    [InlineData("/urls=http://127.0.0.1:5000")]
    public void Anything_else_starts_the_server(params string[] args)
    {
        using var nothing = new StringWriter();
        Assert.Null(Commands.Run(args, nothing, nothing));
        Assert.Equal("", nothing.ToString());
    }

    static ProcessResult Run(params string[] command)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exitCode = Commands.Run(command, output, error);
        return new ProcessResult(exitCode ?? -1, output.ToString(), error.ToString());
    }
}
