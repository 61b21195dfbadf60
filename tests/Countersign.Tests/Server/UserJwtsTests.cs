using System.Diagnostics;
using System.Net.Http.Headers;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Server;

public sealed class UserJwtsTests
{
    [Fact]
    public async Task A_token_of_dotnet_user_jwts_is_taken_out_of_the_box()
    {
        using var folder = new TestFolder();
        var project = CopyProject(folder);
        var created = await RunAsync(folder, "user-jwts", "create", "--project", project, "--name", "alice", "--output", "token");
        var token = created.Trim().Split('\n')[^1].Trim();

        using var server = ServerProcess.Start(folder, "--environment=Development", "--urls=http://127.0.0.1:0", $"--contentRoot={project}");
        try
        {
            using var http = new HttpClient { BaseAddress = await UrlAsync(server) };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
            var account = await Answer.OfAsync(await http.GetAsync("/api/v1/account", TestContext.Current.CancellationToken));
            Assert.True(account.Status == 200, $"{account.Status} {account.Text} {created}");
            Assert.Equal("alice", account.Body.GetProperty("userId").GetString());
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>The tool writes into the project's settings, so it gets a copy.</summary>
    static string CopyProject(TestFolder folder)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Countersign.slnx")))
            root = root.Parent ?? throw new InvalidOperationException("The tests do not run inside the repository.");

        var project = folder.File("src/Countersign.Server");
        string[] files = ["Countersign.Server.csproj", "appsettings.json", "appsettings.Development.json", "Properties/launchSettings.json"];
        Directory.CreateDirectory(Path.Combine(project, "Properties"));
        foreach (var file in files)
            File.Copy(Path.Combine(root.FullName, "src/Countersign.Server", file), Path.Combine(project, file));
        foreach (var file in new[] { "global.json", "Directory.Build.props", "Directory.Packages.props" })
            File.Copy(Path.Combine(root.FullName, file), folder.File(file));
        return project;
    }

    static async Task<string> RunAsync(TestFolder folder, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", args) { WorkingDirectory = folder.Path, RedirectStandardOutput = true };
        ServerProcess.KeepSecretsIn(folder, start);
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, output);
        return output;
    }

    /// <summary>As the program prints it for a newcomer.</summary>
    static async Task<Uri> UrlAsync(Process server)
    {
        while (await server.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.TrimStart().StartsWith("Try it ", StringComparison.Ordinal))
                return new Uri(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2]);
        }

        throw new InvalidOperationException($"The server has ended: {await server.StandardError.ReadToEndAsync()}");
    }
}
