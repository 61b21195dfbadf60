using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Server;

public sealed class TemplatePreviewTests
{
    [Fact]
    public async Task Preview_writes_every_message_in_every_language_and_an_index_of_them_and_nothing_else()
    {
        using var folder = new TestFolder();
        var result = await RunAsync(folder, "--out", "shown", "--Countersign:Messages:ProductName=Acme & Co");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal("456 messages are in shown/index.html: open it in a browser.\n", result.Output);
        // No database, and no secret.
        Assert.Equal([folder.File("shown")], Directory.GetFileSystemEntries(folder.Path));

        var index = await File.ReadAllTextAsync(folder.File("shown/index.html"), TestContext.Current.CancellationToken);
        var links = Regex.Matches(index, "<a href=\"([^#\"]+)\"").Select(link => link.Groups[1].Value).ToList();
        Assert.Equal(6 * 45, links.Count);
        Assert.Equal(
            links.Append("index.html").Order(StringComparer.Ordinal),
            Directory.GetFiles(folder.File("shown"), "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(folder.File("shown"), file)).Order(StringComparer.Ordinal));
        Assert.Equal(["ar", "de", "en", "es", "fr", "uk"], Regex.Matches(index, "<h2 id=\"(.*?)\"").Select(heading => heading.Groups[1].Value));

        var code = await File.ReadAllTextAsync(folder.File("shown/de/code-userkeys-adding-phone-number.html"), TestContext.Current.CancellationToken);
        Assert.Contains("Acme &amp; Co: Code 739105, um diese Nummer hinzuzuf&#252;gen.", code, StringComparison.Ordinal);
        Assert.Contains(" in GSM-7, 1 segment</span>", code, StringComparison.Ordinal);
        var notice = await File.ReadAllTextAsync(folder.File("shown/ar/keychanged-email.html"), TestContext.Current.CancellationToken);
        Assert.Equal(3, Regex.Count(notice, "<iframe sandbox "));
        Assert.Contains(" in UCS-2, ", notice, StringComparison.Ordinal);
        Assert.Contains("<pre lang=\"ar\" dir=\"rtl\">", notice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preview_shows_the_templates_of_the_folder_and_stops_where_a_start_would()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(folder.File("mails/fr"));
        await File.WriteAllTextAsync(folder.File("mails/fr/code.subject.liquid"), "Bonjour", TestContext.Current.CancellationToken);
        Assert.Equal(0, (await RunAsync(folder, "--Countersign:Messages:TemplatesFolder=mails")).ExitCode);
        Assert.Contains(
            ">Bonjour</bdi>",
            await File.ReadAllTextAsync(folder.File("preview/fr/code-antiphishing-adding.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await File.WriteAllTextAsync(folder.File("mails/fr/code.sms.liquid"), "Bonjour", TestContext.Current.CancellationToken);
        var broken = await RunAsync(folder, "--Countersign:Messages:TemplatesFolder=mails", "--out", "broken");
        Assert.Equal((1, ""), (broken.ExitCode, broken.Output));
        Assert.Contains("fr/code.sms.liquid does not show the code whole.", Assert.Single(broken.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("broken")));
    }

    [Theory]
    [InlineData("templates is followed by preview")]
    [InlineData("templates is followed by preview", "prewiew")]
    [InlineData("--out has no value.", "preview", "--out")]
    [InlineData("--out has no value.", "preview", "--out", "--urls", "http://127.0.0.1:0")]
    [InlineData("templates preview does not know '--output'.", "preview", "--output", "x")]
    public async Task What_it_does_not_know_it_says(string said, params string[] args)
    {
        using var folder = new TestFolder();
        var result = await ServerProcess.RunAsync(folder, ["templates", .. args]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    static Task<ProcessResult> RunAsync(TestFolder folder, params string[] args) => ServerProcess.RunAsync(folder, ["templates", "preview", .. args]);
}
