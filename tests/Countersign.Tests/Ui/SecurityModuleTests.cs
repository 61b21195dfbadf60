using System.IO.Compression;
using System.Net;
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

    [Fact]
    public void There_is_no_text_that_nothing_shows()
    {
        var code = string.Concat(new[] { "view.js", "element.js", "operations.js" }.Select(file => Pages.Read($"security/{file}")));
        // A name with a slash is put together, of what it is about or the number of a step, and of a key type, a reason or a field.
        Assert.DoesNotContain(SecurityTexts.Of("en").Keys, name => !code.Contains($"\"{name}\"", StringComparison.Ordinal)
            && !code.Contains($"{name.Split('/')[0]}/", StringComparison.Ordinal) && !code.Contains($"`{name.Split('/')[0].TrimEnd('1', '2')}${{", StringComparison.Ordinal));
    }

    [GeneratedRegex("^(import|export) ", RegexOptions.Multiline)]
    private static partial Regex ImportOrExport();
}
