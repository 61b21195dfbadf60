using System.Text.RegularExpressions;
using Countersign.Delivery;
using Countersign.Domain;

namespace Countersign.Tests.Delivery;

public sealed partial class TemplateContentTests
{
    public static TheoryData<string> Languages => [.. Messages.Languages];

    [Fact]
    public void There_are_six_languages_and_each_has_the_parts_and_the_words_of_English()
    {
        var set = TemplateSet.Load(null);
        Assert.Equal(Messages.Languages, set.Languages.Select(language => language.Tag));
        var words = set.Find("en")["words"].Syntax.Captured;
        Assert.Equal(13, words.Count);
        foreach (var language in set.Languages)
        {
            Assert.Equal(words, language["words"].Syntax.Captured);
            Assert.All(TemplateParts.OfLanguage, part => Assert.Equal($"{language.Tag}/{part}.liquid", language[part].File.Name));
            Assert.All(TemplateParts.Shared, part => Assert.Equal($"{part}.liquid", language[part].File.Name));
        }
    }

    [Fact]
    public void The_variables_that_are_listed_are_those_that_there_are()
    {
        var sample = Messages.Samples("en").First().Message.Content;
        Assert.Equal(TemplateParts.Values, new MessageValues(new CountersignOptions()).Of(sample, TemplateSet.Load(null).Find("en")).Keys);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void The_text_of_a_mail_says_word_for_word_what_its_HTML_shows(string language)
    {
        var compared = 0;
        foreach (var publicUrl in new[] { "", Messages.PublicUrl })
        {
            var templates = Messages.Templates(publicUrl);
            foreach (var sample in Messages.Samples(language).Where(sample => sample.Message.Content.Channel == KeyType.Email))
            foreach (var antiPhishingCode in new[] { null, "blue4sky" })
            foreach (var origin in new[] { null, "203.0.113.x, Firefox (Windows)" })
            foreach (var undo in new[] { null, "the-secret" })
            {
                var content = sample.Message.Content with { AntiPhishingCode = antiPhishingCode, Origin = origin, UndoToken = undo };
                var message = templates.Render(sample.Message with { Content = content });
                Assert.Equal(Messages.Words(message.Text), Messages.Words(Messages.Shown(message.Html!)));
                Assert.Equal(antiPhishingCode is not null, message.Text.Contains("blue4sky", StringComparison.Ordinal));
                Assert.Equal(origin is not null, message.Text.Contains("203.0.113.x", StringComparison.Ordinal));
                Assert.Equal(
                    undo is not null && publicUrl.Length > 0 && content.Kind != MessageKind.Code,
                    message.Text.Contains("/undo#the-secret", StringComparison.Ordinal));
                compared++;
            }
        }

        Assert.Equal(39 * 2 * 2 * 2 * 2, compared);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void Every_message_is_one_of_its_own_and_names_what_it_is_about(string language)
    {
        var templates = Messages.Templates();
        foreach (var channel in Enum.GetValues<KeyType>())
        {
            var samples = Messages.Samples(language).Where(sample => sample.Message.Content.Channel == channel).ToList();
            var messages = samples.Select(sample => (sample.Message.Content, templates.Render(sample.Message).Text)).ToList();
            Assert.Equal(messages.Count, messages.Select(message => message.Text).Distinct().Count());
            Assert.All(messages, message =>
            {
                var (content, text) = message;
                if (content.Subject is { } subject && !(content.Kind == MessageKind.Code && channel == KeyType.PhoneNumber) && content.KeyType is not null)
                    Assert.Contains(subject, text);
                if (content.Kind == MessageKind.Code)
                {
                    Assert.Contains("739105", text);
                    Assert.Contains("K7Q", text);
                }

                Assert.DoesNotMatch(@"[{}]|\S  |\s[.,:]\s(?<!\s:\s)|\.\.", text);
            });
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void Every_language_says_everything_in_its_own_words(string language)
    {
        var templates = Messages.Templates();
        var english = Messages.Samples("en").Select(sample => templates.Render(sample.Message)).ToList();
        var own = Messages.Samples(language).Select(sample => templates.Render(sample.Message)).ToList();
        Assert.Equal(14 + (31 * 2), own.Count);
        foreach (var (message, translated) in english.Zip(own))
        {
            Assert.Equal(language == "en", message.Text == translated.Text);
            Assert.Equal(language == "en" || message.Subject is null, message.Subject == translated.Subject);
        }
    }

    [Theory]
    [InlineData("de-AT", "de")]
    [InlineData("DE", "de")]
    [InlineData("ar-EG", "ar")]
    [InlineData("fr-CA", "fr")]
    [InlineData("uk-UA", "uk")]
    [InlineData("es-419", "es")]
    [InlineData("pt-BR", "en")]
    [InlineData(null, "en")]
    public void The_language_is_that_of_the_account_or_the_nearest(string? locale, string language)
    {
        var sample = Messages.Samples("en").First().Message;
        var templates = Messages.Templates();
        var mail = templates.Render(sample with { Content = sample.Content with { Locale = locale } });
        Assert.Contains($"<html lang=\"{language}\" dir=\"{(language == "ar" ? "rtl" : "ltr")}\">", mail.Html);
        Assert.Equal(templates.Render(sample with { Content = sample.Content with { Locale = language } }).Text, mail.Text);
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void A_mail_is_built_of_tables_with_styles_of_their_own_and_fetches_nothing(string language)
    {
        foreach (var (_, mail) in Messages.Mails(Messages.Templates(), language))
        {
            var html = mail.Html!;
            Assert.DoesNotMatch("<(?:img|script|link|iframe|form|input|button|svg|video)|url\\(|@import|src=|background=", html);
            Assert.All(Regex.Matches(html, "<table[^>]*>"), table => Assert.Contains("role=\"presentation\"", table.Value, StringComparison.Ordinal));
            Assert.All(Regex.Matches(html, "<(?:p|td|a) [^>]*>"), element => Assert.Contains("style=\"", element.Value, StringComparison.Ordinal));
            Assert.All(Regex.Matches(html, "background-color:(#[0-9a-f]{6})(?=[^>]*>)"), style => Assert.Contains($"bgcolor=\"{style.Groups[1].Value}\"", html, StringComparison.Ordinal));
            Assert.Contains("<meta name=\"color-scheme\" content=\"light dark\">", html);
            Assert.Contains("<meta name=\"supported-color-schemes\" content=\"light dark\">", html);
            Assert.Contains("@media (prefers-color-scheme: dark)", html);
            Assert.Contains("max-width:600px", html);
            // More is cut off by some programs.
            Assert.InRange(html.Length, 3_000, 12_000);
        }
    }

    [Theory]
    [MemberData(nameof(Languages))]
    public void A_code_is_one_piece_and_the_only_link_beside_it_is_the_public_URL(string language)
    {
        foreach (var publicUrl in new[] { "", Messages.PublicUrl })
        foreach (var (_, mail) in Messages.Mails(Messages.Templates(publicUrl), language).Where(mail => mail.Message.OneTimeToken is not null))
        {
            Assert.Single(Regex.Matches(mail.Html!, ">739105</p>"));
            Assert.Equal("    739105", Assert.Single(mail.Text.Split('\n'), line => line.Contains("739105", StringComparison.Ordinal)));
            Assert.DoesNotContain("739105", mail.Subject, StringComparison.Ordinal);
            // What a list of mails shows beside the subject says what the code does, and not the code.
            Assert.DoesNotContain("739105", Preheader().Match(mail.Html!).Value, StringComparison.Ordinal);
            string[] links = publicUrl.Length == 0 ? [] : [publicUrl];
            Assert.Equal(links, Href().Matches(mail.Html!).Select(link => link.Groups[1].Value));
            Assert.Equal(links, Url().Matches(mail.Text).Select(link => link.Value));
        }
    }

    [Fact]
    public void The_anti_phishing_code_stands_on_top()
    {
        foreach (var language in Messages.Languages)
        foreach (var (_, mail) in Messages.Mails(Messages.Templates(), language).Where(mail => mail.Message.Text.Contains("blue4sky", StringComparison.Ordinal)))
        {
            Assert.Contains("blue4sky", mail.Text.Split('\n')[0]);
            Assert.Contains("<bdi dir=\"ltr\"><strong>blue4sky</strong></bdi>", mail.Html);
        }
    }

    [Fact]
    public void In_Arabic_addresses_and_times_are_set_apart_and_the_code_is_left_alone()
    {
        var samples = Messages.Samples("ar").ToDictionary(sample => (sample.Name, sample.Message.Content.Channel), sample => Messages.Templates().Render(sample.Message));
        var code = samples[("Code userKeys/removing EMAIL", KeyType.Email)];
        Assert.Contains("<bdi dir=\"ltr\">a***e@example.com</bdi>", code.Html);
        Assert.Contains("<bdi dir=\"ltr\">2026-11-22 19:00 UTC</bdi>", code.Html);
        Assert.Contains("\u2066a***e@example.com\u2069", code.Text);
        Assert.Contains("\n    739105\n", code.Text);
        Assert.DoesNotContain('\u2066', code.Html!);
        var number = samples[("KeyRemoved PHONE_NUMBER", KeyType.PhoneNumber)];
        Assert.Contains("\u2066+********789\u2069", number.Text);
        // The first strong letter decides where the reader begins.
        Assert.All(samples.Values, message => Assert.Matches("^[\u0600-\u06FF]", message.Subject ?? message.Text));
        Assert.DoesNotContain('\u2066', samples[("Code userKeys/adding PHONE_NUMBER", KeyType.PhoneNumber)].Text);
    }

    [Theory]
    [InlineData("en", true)]
    [InlineData("de", true)]
    [InlineData("fr", true)]
    [InlineData("es", true)]
    [InlineData("uk", false)]
    [InlineData("ar", false)]
    public void A_code_by_SMS_is_one_segment(string language, bool isGsm7)
    {
        var codes = Messages.Sms(Messages.Templates(), language).Where(sms => sms.Message.OneTimeToken is not null).ToList();
        Assert.Equal(6, codes.Count);
        Assert.All(codes, sms => Assert.Equal((sms.Name, isGsm7, 1), (sms.Name, SmsSegments.Of(sms.Message.Text).IsGsm7, SmsSegments.Of(sms.Message.Text).Count)));

        // With the line that binds it to a host, where 160 characters hold both.
        var bound = Messages.Sms(Messages.Templates(host: "accounts.example.com"), language).Where(sms => sms.Message.OneTimeToken is not null).ToList();
        Assert.All(bound, sms => Assert.Equal((sms.Name, isGsm7 ? 1 : 2), (sms.Name, SmsSegments.Of(sms.Message.Text).Count)));
        Assert.All(bound, sms => Assert.Equal("@accounts.example.com #739105", sms.Message.Text.Split('\n')[^1]));
    }

    [Theory]
    [InlineData("en")]
    [InlineData("de")]
    [InlineData("fr")]
    public void A_notice_by_SMS_keeps_to_the_alphabet_that_has_room(string language) =>
        Assert.All(Messages.Sms(Messages.Templates(), language), sms => Assert.Equal((sms.Name, true), (sms.Name, SmsSegments.Of(sms.Message.Text).IsGsm7)));

    [GeneratedRegex("<div style=\"display:none.*?</div>")]
    private static partial Regex Preheader();

    [GeneratedRegex("href=\"([^\"]*)\"")]
    private static partial Regex Href();

    [GeneratedRegex(@"\b\w+://\S+")]
    private static partial Regex Url();
}
