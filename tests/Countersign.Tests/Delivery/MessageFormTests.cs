using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Delivery;

/// <summary>A message that is put together from a remembered form is to the character what its templates say.</summary>
public sealed class MessageFormTests : IDisposable
{
    /// <summary>What a value may be in a form, and what it may not.</summary>
    static readonly string?[] Values =
    [
        null, "739105", "<b>'\"&</b>", "{{ code }}", "{% if true %}x{% endif %}", "{{", "%}", "\uFDD0", "\uFDE0\uFDEF", "&#xFDD0;", "\u0000\u0001", "a\u0000", "\u200Fשלום\u200E", "é\u0301", "a b",
        "''", "EMAIL", "0", "", " edge", "edge ", "\n", "\u00A0x", "\u2028", "\u2066", "x\u2069", "a\u2066b", "\uD83D", "\uDE00", "😀", "\uFFFE", "\u001F",
    ];

    readonly TestFolder folder = new();

    public static TheoryData<string> Languages => [.. Messages.Languages];

    [Theory]
    [MemberData(nameof(Languages))]
    public void Every_message_is_the_same_with_and_without_a_form_whatever_its_values_are(string language)
    {
        var (templates, compared, formed) = (Messages.Templates(host: "accounts.example.com"), 0, 0);
        foreach (var sample in Messages.Samples(language))
        {
            Assert.True(templates.HasForm(sample.Message.Content), sample.Name);
            AssertSame(templates, sample.Message);
            for (var round = 0; round < 8; round++)
            {
                var message = sample.Message with { Content = With(sample.Message.Content, compared) };
                AssertSame(templates, message);
                formed += templates.HasForm(message.Content) ? 1 : 0;
                compared++;
            }
        }

        Assert.Equal((14 + (31 * 2)) * 8, compared);
        Assert.InRange(formed, 50, compared - 50);
    }

    [Fact]
    public void Each_value_stands_in_each_blank_as_it_does_without_a_form()
    {
        var templates = Messages.Templates();
        foreach (var language in new[] { "en", "ar" })
        foreach (var sample in Messages.Samples(language).Where(sample => sample.Name is "Code userKeys/changing EMAIL" or "KeyChanged EMAIL" or "ChangeRequested userKeys/adding EMAIL"))
        foreach (var value in Values)
        {
            var content = sample.Message.Content;
            MessageContent[] each =
            [
                content with { Code = value }, content with { Reference = value }, content with { Subject = value }, content with { AntiPhishingCode = value },
                content with { Origin = value }, content with { UndoToken = value }, content with { UndoUntil = null, Subject = value },
                content with { Code = value, Reference = value, Subject = value, AntiPhishingCode = value, Origin = value, UndoToken = value },
            ];
            Assert.All(each, changed => AssertSame(templates, sample.Message with { Content = changed }));
        }
    }

    [Fact]
    public void A_value_that_changes_with_what_stands_beside_it_is_in_no_form()
    {
        // Not in attributes, which half a character does not survive.
        (string Code, bool HasForm)[] cases =
        [
            ("739105", true), ("{{ code }}", true), ("\uFDD0", true), ("a b", true), (" 739105", false), ("739105\n", false), ("\u2066739105", false), ("7\u2069", false),
            ("\uD83D", false), ("\uDE00", false), ("😀", false),
        ];
        var (templates, message) = (Messages.Templates(), Code("en"));
        Assert.All(cases, given =>
        {
            Assert.Equal(given.HasForm, templates.HasForm(message.Content with { Code = given.Code }));
            AssertSame(templates, message with { Content = message.Content with { Code = given.Code } });
        });
    }

    [Theory]
    [InlineData("{{ code }} {{ product | upcase }}", true)]
    [InlineData("{{-code-}}", true)]
    [InlineData("{% if code %}{{ code }}{% endif %}", true)]
    [InlineData("{% if code != '' and kind == 'Code' %}{{ code }}{% endif %}", true)]
    [InlineData("{%- unless code == \"\" -%}{{ code }}{% else %}none{%- endunless -%}", true)]
    [InlineData("{% if origin <> '' or undo == '' %}{{ code }}{% endif %} {{ what }}", true)]
    [InlineData("{% capture shown %}<{{ code }}>{% endcapture %}{{ shown }}", true)]
    [InlineData("{{ code }}{% comment %} upcase {% endcomment %} } { a }} %}", true)]
    [InlineData("{{ code }} {% assign shown = product | append: '!' %}{{ shown }}", true)]
    [InlineData("{{ code | downcase }}", false)]
    [InlineData("{{ product | append: code }}", false)]
    [InlineData("{{ lifetime }} {% if code == '739105' %}A{% else %}B{% endif %}{{ code }}", false)]
    [InlineData("{% if code contains '9' %}A{% endif %}{{ code }}", false)]
    [InlineData("{% if kind == 'Code' and code > '5' %}A{% endif %}{{ code }}", false)]
    [InlineData("{% case code %}{% when '739105' %}A{% else %}B{% endcase %}{{ code }}", false)]
    [InlineData("{% assign shown = code %}{{ shown }}", false)]
    [InlineData("{% capture shown %}{{ code }}{% endcapture %}{{ shown | append: '!' }}", false)]
    [InlineData("{{ ['code'] }} {{ code }}", false)]
    [InlineData("{{ code }}{# comment #}", false)]
    [InlineData("{% if code_effect == '' %}A{% else %}B{% endif %}{{ code }}", true)]
    [InlineData("{% if code_effect == 'a' %}A{% else %}B{% endif %}{{ code }}", false)]
    [InlineData("{{ code }}\uFDD0", false)]
    public void A_template_that_looks_at_a_value_has_no_form_and_says_of_each_value_what_it_says(string text, bool hasForm)
    {
        Write("en/code.text.liquid", text);
        var templates = Templates();
        var message = Code("en");
        foreach (var code in new[] { "739105", "111111", "7GX2-M4PQ", "" })
        {
            var content = message.Content with { Code = code, Origin = code.Length == 0 ? null : "somewhere" };
            Assert.Equal(hasForm || code.Length == 0, templates.HasForm(content) || code.Length == 0);
            AssertSame(templates, message with { Content = content });
        }
    }

    [Fact]
    public void What_is_said_of_a_value_is_looked_at_where_the_value_is_in_it()
    {
        Write("en/words.liquid", TemplateFiles.Shipped().Single(file => file is { Locale: "en", Part: "words" }).Text.Replace("{{ what }}", "{{ what | upcase }}", StringComparison.Ordinal));
        var templates = Templates();
        var samples = Messages.Samples("en").Where(sample => sample.Message.Content.Channel == KeyType.Email).ToDictionary(sample => sample.Name, sample => sample.Message);

        // It names the address in one, and nothing in the other.
        Assert.False(templates.HasForm(samples["Code userKeys/adding EMAIL"].Content));
        Assert.True(templates.HasForm(samples["Code antiPhishing/adding"].Content));
        Assert.Contains("It will ADD A***E@EXAMPLE.COM AS", templates.Render(samples["Code userKeys/adding EMAIL"]).Text);
        Assert.Contains("It will SET AN ANTI-PHISHING CODE", templates.Render(samples["Code antiPhishing/adding"]).Text);
    }

    [Fact]
    public void A_branch_is_taken_by_the_value_and_not_by_the_one_before_it()
    {
        Write("en/code.text.liquid", "{% if code == '739105' %}A{% else %}B{% endif %} {{ code }}{% if origin != '' %} from {{ origin }}{% endif %}");
        var templates = Templates();
        Assert.Equal("A 739105 from 203.0.113.x", Text("739105", "203.0.113.x"));
        Assert.Equal("B 111111 from 203.0.113.x", Text("111111", "203.0.113.x"));
        Assert.Equal("B 111111", Text("111111", null));

        string Text(string code, string? origin)
        {
            var message = Code("en");
            return templates.Render(message with { Content = message.Content with { Code = code, Origin = origin } }).Text;
        }
    }

    [Fact]
    public void A_form_is_of_one_lifetime()
    {
        var (templates, message) = (Messages.Templates(), Code("en"));
        foreach (var seconds in new[] { 60, 90, 120, 90 })
        {
            var content = message.Content with { ExpiresAt = message.Content.CreatedAt.AddSeconds(seconds) };
            Assert.Contains(seconds == 90 ? "Valid for: 90 sec." : $"Valid for: {seconds / 60} min.", templates.Render(message with { Content = content }).Text);
        }
    }

    [Theory]
    [InlineData("P\uFDD0", "")]
    [InlineData("Acme", "\uFDE0.example.com")]
    public void A_setting_that_has_a_mark_itself_is_in_no_form(string product, string host)
    {
        var options = new CountersignOptions { PublicUrl = Messages.PublicUrl, Messages = new MessageOptions { ProductName = product, Host = host } };
        var templates = new Templates(options, TemplateSet.Load(null));
        Assert.All(Messages.Samples("en"), sample =>
        {
            Assert.False(templates.HasForm(sample.Message.Content));
            AssertSame(templates, sample.Message);
        });
    }

    [Fact]
    public void What_is_very_long_is_not_remembered()
    {
        Write("en/code.text.liquid", "{{ code }}" + new string('x', 40_000));
        var templates = Templates();
        Assert.False(templates.HasForm(Code("en").Content));
        Assert.True(templates.HasForm(Code("de").Content));
        AssertSame(templates, Code("en"));
    }

    [Fact]
    public void Several_workers_fill_the_same_form_each_with_its_own_values()
    {
        var (templates, message) = (Messages.Templates(), Code("en"));
        Parallel.For(0, 400, number =>
        {
            var mail = templates.Render(message with { Content = message.Content with { Code = $"{100_000 + number}", Reference = $"R{number}" } });
            Assert.Contains($"\n    {100_000 + number}\n", mail.Text);
            Assert.Contains($">{100_000 + number}</p>", mail.Html);
            Assert.Equal($"Your Countersign code (reference R{number})", mail.Subject);
        });
    }

    public void Dispose() => folder.Dispose();

    static void AssertSame(Templates templates, QueuedMessage message)
    {
        var whole = templates.RenderWhole(message.Content);
        // What makes the form, and what finds it.
        for (var time = 0; time < 2; time++)
        {
            var rendered = templates.Render(message);
            Assert.Equal(whole.Subject, rendered.Subject, StringComparer.Ordinal);
            Assert.Equal(whole.Text, rendered.Text, StringComparer.Ordinal);
            Assert.Equal(whole.Html, rendered.Html, StringComparer.Ordinal);
        }
    }

    /// <summary>Each number takes other values together.</summary>
    static MessageContent With(MessageContent content, int number) => content with
    {
        Code = content.Code is null ? null : Value(number),
        Reference = Fit(number * 3),
        Subject = Fit(number * 5),
        AntiPhishingCode = Fit(number * 7),
        Origin = number % 3 == 0 ? Value(number * 11) : Fit(number * 11),
        UndoToken = content.UndoToken is null ? null : Fit(number * 13),
        UndoUntil = number % 2 == 0 ? null : content.UndoUntil,
    };

    static string? Value(int number) => Values[number % Values.Length];

    /// <summary>Of those that can be in a form.</summary>
    static string? Fit(int number) => Values[number % 18];

    static QueuedMessage Code(string language) => Messages.Samples(language).First(sample => sample.Name == "Code userKeys/removing EMAIL").Message;

    Templates Templates() => new(new CountersignOptions { PublicUrl = Messages.PublicUrl }, TemplateSet.Load(folder.Path));

    void Write(string file, string text)
    {
        var path = folder.File(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
