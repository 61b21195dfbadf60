using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Countersign.Tests.Hosting;

/// <summary>Other people's implementations, of the folder <c>tests/peers</c>, in Node.js.</summary>
static class Peers
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>A file of a package.</summary>
    public static string Package(string path)
    {
        var file = Repository.File($"tests/peers/node_modules/{path}");
        Assert.True(File.Exists(file), $"{file} is not there: ./test installs it (npm ci, in tests/peers).");
        return file;
    }

    /// <summary>Runs a script with JSON on its standard input, and reads the JSON that it prints.</summary>
    public static async Task<T> RunAsync<T>(string script, object input)
    {
        using var process = Process.Start(Node(script))!;
        try
        {
            using var timeout = new CancellationTokenSource(Limit);
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var error = process.StandardError.ReadToEndAsync(timeout.Token);
            await process.StandardInput.WriteAsync(JsonSerializer.Serialize(input));
            process.StandardInput.Close();
            await process.WaitForExitAsync(timeout.Token);
            Assert.True(process.ExitCode == 0, $"{script}: {await error}");
            return JsonSerializer.Deserialize<T>(await output, JsonSerializerOptions.Web)!;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    public static ProcessStartInfo Node(params string[] args) => new("node", args)
    {
        WorkingDirectory = Repository.File("tests/peers"),
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };
}

/// <summary>Prism: a server that refuses each request that an OpenAPI description does not allow.</summary>
sealed partial class OpenApiMock : IAsyncDisposable
{
    static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(90);

    readonly Process process;
    readonly TaskCompletionSource<string> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    OpenApiMock(Process process) => this.process = process;

    public string Url { get; private set; } = "";

    public static async Task<OpenApiMock> StartAsync(string description)
    {
        var cli = Peers.Package("@stoplight/prism-cli/dist/index.js");
        var mock = new OpenApiMock(Process.Start(Peers.Node(cli, "mock", "--errors", "-h", "127.0.0.1", "-p", "0", description))!);
        mock.process.OutputDataReceived += (_, line) => mock.Take(line.Data);
        mock.process.ErrorDataReceived += (_, _) => { };
        mock.process.BeginOutputReadLine();
        mock.process.BeginErrorReadLine();
        try
        {
            mock.Url = await mock.listening.Task.WaitAsync(StartsWithin);
            return mock;
        }
        catch
        {
            await mock.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    void Take(string? line)
    {
        if (line is null)
            listening.TrySetException(new InvalidOperationException("Prism ended."));
        else if (Listening().Match(line) is { Success: true } match)
            listening.TrySetResult(match.Groups[1].Value);
    }

    [GeneratedRegex(@"listening on (http://[0-9.:]+)")]
    private static partial Regex Listening();
}
