using System.Text;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Countersign.Tests.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Countersign.Tests.Delivery;

public sealed class TemplateFolderTests : IDisposable
{
    const string Setting = "Countersign:Messages:TemplatesFolder";

    static readonly string[] Whole = ["what", "happened", "words", "code.subject", "code.sms", "notice.subject", "notice.sms"];

    readonly TestFolder folder = new();

    [Fact]
    public void A_part_of_a_language_takes_the_place_of_the_one_of_the_product_and_no_other()
    {
        Write("de/code.subject.liquid", "{{ product }}: {{ reference }}\n");
        Assert.Empty(Errors());
        Assert.Equal("Countersign: K7Q", Mail("de").Subject);
        Assert.Equal("Countersign: K7Q", Mail("de-AT").Subject);
        Assert.Contains("Ihr Code lautet", Mail("de").Text);
        Assert.Equal("Your Countersign code (reference K7Q)", Mail("en").Subject);
    }

    [Fact]
    public void What_all_languages_share_is_replaced_for_all_or_for_one()
    {
        Write("layout.html.liquid", "<p>{{ title }}</p>{{ body }}<p>Acme Ltd.</p>");
        Write("fr/layout.html.liquid", "{{ body }}<p>Acme SARL</p>");
        Assert.Empty(Errors());
        Assert.StartsWith("<p>Ваш код Countersign (номер запиту K7Q)</p>", Mail("uk").Html, StringComparison.Ordinal);
        Assert.EndsWith("<p>Acme Ltd.</p>", Mail("uk").Html, StringComparison.Ordinal);
        Assert.EndsWith("<p>Acme SARL</p>", Mail("fr").Html, StringComparison.Ordinal);
        Assert.EndsWith("<p>Acme SARL</p>", Mail("fr-CA").Html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_region_takes_from_its_language_what_it_does_not_have()
    {
        Write("de-CH/code.subject.liquid", "Ihr {{ product }}-Code");
        Assert.Empty(Errors());
        Assert.Equal("Ihr Countersign-Code", Mail("de-CH").Subject);
        Assert.Contains("<html lang=\"de-CH\" dir=\"ltr\">", Mail("de-CH").Html);
        Assert.Contains("Ihr Code lautet", Mail("de-CH").Text);
        Assert.Equal("Ihr Code für Countersign (Referenz K7Q)", Mail("de-AT").Subject);
    }

    [Fact]
    public void A_language_is_added_by_a_folder_and_read_from_the_right_where_it_is_written_so()
    {
        foreach (var part in Whole)
            Write($"he/{part}.liquid", Shipped("en", part).Replace("Your code is", "הקוד שלך", StringComparison.Ordinal));
        Assert.Empty(Errors());
        Assert.Contains("הקוד שלך", Mail("he-IL").Text);
        Assert.Contains("<html lang=\"he\" dir=\"rtl\">", Mail("he").Html);
        Assert.Contains("<bdi dir=\"ltr\">2026-11-22 19:00 UTC</bdi>", Mail("he").Html);
    }

    [Fact]
    public void A_language_that_is_not_whole_is_an_error_that_names_what_is_missing()
    {
        foreach (var part in Whole.Except(["code.sms", "words"]))
            Write($"pt/{part}.liquid", Shipped("en", part));
        Assert.Equal(
            new[] { "words", "code.sms" }.Select(part =>
                $"{Setting}: pt/{part}.liquid is missing: a language has what, happened, words, code.subject, code.sms, notice.subject, notice.sms. Write it, or copy that of en."),
            Errors());
    }

    public static TheoryData<string, string, string> Broken => new()
    {
        { "de/cod.sms.liquid", "x", "de/cod.sms.liquid is no template. Of a language there are what.liquid, happened.liquid, words.liquid, code.subject.liquid," },
        { "de/code.sms.txt", "x", "de/code.sms.txt is no template." },
        { "code.sms.liquid", "{{ code }}", "code.sms.liquid is no template. In the folder itself there are layout.html.liquid, code.html.liquid, code.text.liquid, notice.html.liquid, notice.text.liquid." },
        { "german/what.liquid", "x", "german is no language: a folder is called by a tag such as pt or de-AT." },
        { "de/old/what.liquid", "x", "de/old is a folder; a language has files only." },
        { "de/code.sms.liquid", "{{ code }", "de/code.sms.liquid is no Liquid template: " },
        { "de/code.sms.liquid", "{% if code %}{{ code }}", "de/code.sms.liquid is no Liquid template: " },
        { "de/code.sms.liquid", "{{ code }}\n{{ cod }}", "de/code.sms.liquid names 'cod' in line 2, which it does not know in 'de'. It knows product, host, public_url, lang, dir, kind," },
        { "de/code.sms.liquid", "{{ code }}{% if kind == 'Never' %}{{ cod }}{% endif %}", "de/code.sms.liquid names 'cod' in line 1," },
        { "de/code.sms.liquid", "{{ code }}{% if kynd == 'Code' %}x{% endif %}", "de/code.sms.liquid names 'kynd' in line 1," },
        { "de/what.liquid", "{{ happened }}", "de/what.liquid names 'happened' in line 1," },
        { "de/words.liquid", "{% capture code_intro %}Code{% endcapture %}", "de/words.liquid does not capture anti_phishing_label, code_effect, code_warning, from_label, lifetime, notice_warning, reference_label, requested, requested_label, undo_offer, valid_label, when_label, which messages in 'de' say." },
        { "de/code.sms.liquid", "{{ code | money }}", "de/code.sms.liquid cannot be used: line 1: the filter 'money' is none of append, prepend, upcase, downcase, capitalize." },
        { "de/code.html.liquid", "{{ code }}{{ product | url_decode }}", "the filter 'url_decode' is none of" },
        { "de/code.sms.liquid", "{{ code }}\n{% include 'x' %}", "de/code.sms.liquid cannot be used: line 2: the tag 'include' is none of if, elsif," },
        { "de/code.sms.liquid", "Hallo", "de/code.sms.liquid does not show the code whole. Put {{ code }} into it" },
        { "code.text.liquid", "Hello", "code.text.liquid does not show the code whole." },
        { "de/code.html.liquid", "<p>{{ code_intro }}</p>", "de/code.html.liquid does not show the code whole." },
        { "layout.html.liquid", "<p>{{ title }}</p>", "code.html.liquid does not show the code whole. Put {{ code }} into it, and into layout.html {{ body }}." },
        { "de/code.html.liquid", "{{ code }}<a href=\"https://example.com/\">x</a>", "de/code.html.liquid has the link 'https://example.com/' in a message with a code. The only one there is {{ public_url }}: take it out." },
        { "layout.html.liquid", "{{ body }}<a href='https://example.com/help'>x</a>", "layout.html.liquid has the link 'https://example.com/help' in a message with a code." },
        { "layout.html.liquid", "{{ body }}<img src=//example.com/logo.png>", "layout.html.liquid has the link '//example.com/logo.png' in a message with a code." },
        { "layout.html.liquid", "<style>p { background: url(https://example.com/a.png) }</style>{{ body }}", "layout.html.liquid has the link 'https://example.com/a.png' in a message with a code." },
        { "de/code.html.liquid", "{{ code }}<a href=\"{{ public_url }}/code\">x</a>", "de/code.html.liquid has the link 'https://accounts.example.com/code' in a message with a code." },
        { "de/code.html.liquid", "{{ code }}<a href=\"mailto:help@example.com\">x</a>", "has the link 'mailto:help@example.com' in a message with a code." },
        { "de/code.subject.liquid", "Code {{ code }}", "de/code.subject.liquid shows the code, which lists of mails and locked screens would then show as well. Take {{ code }} out." },
        { "de/code.sms.liquid", "{{ code }} www.example.com/sms", "de/code.sms.liquid has the link 'www.example.com/sms' in a message with a code." },
        { "de/code.sms.liquid", "{{ code }} https://example.com/sms", "de/code.sms.liquid has the link 'https://example.com/sms' in a message with a code." },
        { "de/code.subject.liquid", "One\nTwo", "de/code.subject.liquid has more than one line. A subject is one line." },
        { "de/notice.subject.liquid", " ", "de/notice.subject.liquid says nothing of 'KeyAdded EMAIL' in 'de'." },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_cannot_be_used_is_said_with_its_file_and_what_to_do(string file, string text, string error)
    {
        Write(file, text);
        Assert.Contains(Errors(), found => found.StartsWith($"{Setting}: ", StringComparison.Ordinal) && found.Contains(error, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_not_UTF_8_or_too_large_is_said_to_be()
    {
        Write("de/what.liquid", "x");
        File.WriteAllBytes(folder.File("de/what.liquid"), Encoding.Latin1.GetBytes("über"));
        Write("de/words.liquid", new string('x', (64 * 1024) + 1));
        Assert.Equal([$"{Setting}: de/what.liquid is not UTF-8. Save it as UTF-8.", $"{Setting}: de/words.liquid is larger than 64 KiB."], Errors());
    }

    [Fact]
    public void A_folder_that_is_not_there_is_an_error_and_what_begins_with_a_dot_is_none()
    {
        Write(".git/config", "x");
        Write(".DS_Store", "x");
        Write("de/.swp", "x");
        Assert.Empty(Errors());
        Assert.Equal([$"{Setting} is '{folder.File("away")}', and there is no such folder."], Errors(folder.File("away")));
    }

    [Fact]
    public void A_link_in_a_notice_is_allowed_and_so_is_the_public_URL_in_a_code()
    {
        Write("notice.html.liquid", "{{ happened }} <a href=\"https://example.com/help\">x</a>");
        Write("de/code.html.liquid", "{{ code }} <a href=\"{{ public_url }}\">{{ public_url }}</a>");
        Assert.Empty(Errors());
    }

    [Fact]
    public void A_value_is_encoded_in_HTML_whatever_the_template_does()
    {
        Write("de/words.liquid", Shipped("de", "words") + "{% capture extra %}<b>{{ product | upcase }}{% endcapture %}");
        Write("de/code.html.liquid", "{{ code }}{{ extra }}{{ product | append: '!' }}");
        Assert.Empty(Errors());
        var html = Render(Options("P<b>"), "de").Html;
        Assert.Contains("&lt;b&gt;P&lt;B&gt;", html);
        Assert.Contains("P&lt;b&gt;!", html);
        Assert.DoesNotContain("<b>", html, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void An_SMS_that_is_long_is_a_warning()
    {
        Write("de/code.sms.liquid", "{{ code }} " + new string('x', 154));
        using var log = new CollectingLog();
        Assert.Empty(Errors(log: log));
        Assert.Equal(6, log.Lines.Count);
        Assert.All(log.Lines, line => Assert.StartsWith("Warning ", line, StringComparison.Ordinal));
        Assert.Contains("The SMS of de/code.sms.liquid is long: 'Code userKeys/adding PHONE_NUMBER' in 'de' takes 2 segments (161 in GSM-7); 1 are meant.", log.Lines.First());
    }

    [Fact]
    public async Task A_server_with_a_broken_template_does_not_start_and_says_which()
    {
        Write("mails/de/code.sms.liquid", "{{ cod }}");
        var result = await ServerProcess.RunAsync(folder, "--environment=Development", "--urls", "http://127.0.0.1:0", $"--{Setting}=mails");
        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith(
            $"Countersign does not start: {Setting}: de/code.sms.liquid names 'cod' in line 1, which it does not know in 'de'.", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_sends_what_the_folder_says()
    {
        Write("en/code.subject.liquid", "From the folder");
        await using var server = await TestServer.StartAsync($"{Setting}={folder.Path}");
        await server.User().CodeAsync("userKeys/adding/email", "alice@example.com", new { newEmail = "alice@example.com" });
        Assert.Equal("From the folder", (await server.MessageAsync("alice@example.com", _ => true)).Subject);
    }

    public void Dispose() => folder.Dispose();

    void Write(string file, string text)
    {
        var path = folder.File(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    static string Shipped(string locale, string part) => TemplateFiles.Shipped().Single(file => file.Locale == locale && file.Part == part).Text;

    CountersignOptions Options(string product = "Countersign") => new()
    {
        PublicUrl = Messages.PublicUrl,
        Messages = new MessageOptions { ProductName = product, TemplatesFolder = folder.Path },
    };

    IEnumerable<string> Errors(string? path = null, CollectingLog? log = null)
    {
        using var services = new ServiceCollection()
            .AddSingleton<IOptions<CountersignOptions>>(new OptionsWrapper<CountersignOptions>(Options()))
            .AddSingleton(TemplateSet.Load(path ?? folder.Path))
            .AddLogging(logging => logging.AddProvider(log ?? new CollectingLog()))
            .BuildServiceProvider();
        var check = new TemplateCheck(services, services.GetRequiredService<ILogger<TemplateCheck>>());
        return check.Validate(null, new TemplateOptions()).Failures ?? [];
    }

    OutgoingMessage Mail(string locale) => Render(Options(), locale);

    OutgoingMessage Render(CountersignOptions options, string locale)
    {
        var sample = Messages.Samples(locale).First(sample => sample.Message.Content is { Kind: MessageKind.Code, Channel: KeyType.Email });
        return new Templates(options, TemplateSet.Load(folder.Path)).Render(sample.Message);
    }
}
