using System.IO.Compression;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Countersign.Domain;
using Countersign.Http;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Ui;

public sealed partial class SecurityModuleTests
{
    const string Path = "/ui/countersign-security.js";

    /// <summary>Bytes: what the product promises.</summary>
    const int MaxCompressedSize = 30_000;

    [Fact]
    public async Task The_module_is_one_file_that_any_origin_may_load_and_few_bytes_when_compressed()
    {
        await using var server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.Add("Accept-Encoding", "gzip");
        request.Headers.Add("Origin", "https://elsewhere.example");

        using var answer = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/javascript; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("gzip", Assert.Single(answer.Content.Headers.ContentEncoding));
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("cross-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Resource-Policy")));
        var compressed = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.InRange(compressed.Length, 10_000, MaxCompressedSize);

        await using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        var source = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal(source, await server.Http.GetStringAsync(Path, TestContext.Current.CancellationToken));
        Assert.DoesNotMatch(ImportOrExport(), source);
        Assert.Contains("""customElements.define("countersign-security",""", source);
    }

    [Fact]
    public async Task What_a_browser_has_already_is_not_sent_again()
    {
        await using var server = await TestServer.StartAsync();
        using var first = await server.Http.GetAsync(Path, TestContext.Current.CancellationToken);
        using var again = new HttpRequestMessage(HttpMethod.Get, Path);
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using var answer = await server.Http.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
        Assert.Equal(TimeSpan.FromMinutes(5), answer.Headers.CacheControl?.MaxAge);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(CodeFormat.Digits6, "{ isDigits: true, length: 6 }")]
    [InlineData(CodeFormat.Digits8, "{ isDigits: true, length: 8 }")]
    [InlineData(CodeFormat.Base32, "{ isDigits: false, length: 9 }")]
    public void The_field_for_a_code_is_as_the_codes_are(CodeFormat format, string form) =>
        Assert.Contains($"const codeForm = {form};", SecurityModule.Compose(format));

    [Theory]
    [InlineData("ar")]
    [InlineData("de")]
    [InlineData("es")]
    [InlineData("fr")]
    [InlineData("uk")]
    public void A_language_says_all_that_English_says_with_the_same_values(string language)
    {
        var english = Texts("en");
        var texts = Texts(language);

        Assert.Equal(english.Keys, texts.Keys.Where(name => name != "direction"));
        foreach (var (name, text) in english)
        {
            Assert.Equal(Values().Matches(text).Select(match => match.Value).Order(), Values().Matches(texts[name]).Select(match => match.Value).Order());
            Assert.False(string.IsNullOrWhiteSpace(texts[name]), name);
        }

        // The name that is read out has in it what is to be seen, so that a button can be called by it (WCAG 2.5.3).
        foreach (var (label, titles) in ActionLabels)
        {
            foreach (var title in titles)
                Assert.Contains(texts[label], texts[title], StringComparison.CurrentCultureIgnoreCase);
        }
    }

    [Fact]
    public void There_is_no_text_that_nothing_shows()
    {
        var code = string.Concat(new[] { "view.js", "element.js", "operations.js" }.Select(file => Pages.Read($"security/{file}")));
        // A name with a slash is put together, of what it is about or the number of a step, and of a key type, a reason or a field.
        Assert.DoesNotContain(Texts("en").Keys, name => !code.Contains($"\"{name}\"", StringComparison.Ordinal)
            && !code.Contains($"{name.Split('/')[0]}/", StringComparison.Ordinal) && !code.Contains($"`{name.Split('/')[0].TrimEnd('1', '2')}${{", StringComparison.Ordinal));
    }

    static readonly (string Label, string[] Titles)[] ActionLabels =
    [
        ("add", ["userKeys/adding/EMAIL", "userKeys/adding/PHONE_NUMBER"]),
        ("change", ["userKeys/changing/EMAIL", "userKeys/changing/PHONE_NUMBER", "antiPhishing/changing"]),
        ("remove", ["userKeys/removing/EMAIL", "userKeys/removing/PHONE_NUMBER"]),
        ("set", ["antiPhishing/adding"]),
        ("turnOn", ["mfa/enabling/EMAIL", "mfa/enabling/PHONE_NUMBER"]),
        ("turnOff", ["mfa/disabling/EMAIL", "mfa/disabling/PHONE_NUMBER"]),
    ];

    static Dictionary<string, string> Texts(string language) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(Pages.Read($"security/texts/{language}.json"))!;

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Values();

    [GeneratedRegex("^(import|export) ", RegexOptions.Multiline)]
    private static partial Regex ImportOrExport();
}
