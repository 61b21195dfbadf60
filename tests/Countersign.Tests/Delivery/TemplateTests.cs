using System.Text.Encodings.Web;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Delivery;

public sealed class TemplateTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 22, 19, 0, 0, TimeSpan.Zero);
    static readonly Address Email = Sample.Email("alice@example.com");
    static readonly Address Number = Sample.Number("+123456789");

    public static TheoryData<Operation, KeyType?, KeyType, string> Codes => new()
    {
        { Operation.AddingKey, KeyType.Email, KeyType.Email, "add s***t@example.org as the email address of your account" },
        { Operation.AddingKey, KeyType.PhoneNumber, KeyType.PhoneNumber, "add this phone number" },
        { Operation.ChangingKey, KeyType.Email, KeyType.Email, "start to replace the email address s***t@example.org of your account" },
        { Operation.ChangingKey, KeyType.PhoneNumber, KeyType.PhoneNumber, "replace this phone number" },
        { Operation.ChangingNewKey, KeyType.Email, KeyType.Email, "make s***t@example.org the new email address of your account" },
        { Operation.ChangingNewKey, KeyType.PhoneNumber, KeyType.PhoneNumber, "change to this phone number" },
        { Operation.RemovingKey, KeyType.Email, KeyType.Email, "remove the email address s***t@example.org from your account" },
        { Operation.RemovingKey, KeyType.PhoneNumber, KeyType.PhoneNumber, "remove this phone number" },
        { Operation.AddingAntiPhishing, null, KeyType.Email, "set an anti-phishing code for your account" },
        { Operation.ChangingAntiPhishing, null, KeyType.Email, "change the anti-phishing code of your account" },
        { Operation.EnablingMfa, KeyType.Email, KeyType.Email, "switch on MFA for s***t@example.org" },
        { Operation.EnablingMfa, KeyType.PhoneNumber, KeyType.PhoneNumber, "switch on MFA" },
        { Operation.DisablingMfa, KeyType.Email, KeyType.Email, "switch off MFA for s***t@example.org" },
        { Operation.DisablingMfa, KeyType.PhoneNumber, KeyType.PhoneNumber, "switch off MFA" },
    };

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_code_says_what_it_does_to_which_target_for_how_long_and_for_whom_alone(
        Operation operation, KeyType? keyType, KeyType channel, string what)
    {
        var message = Render(Content(MessageKind.Code, channel, operation, keyType));
        Assert.Equal(("739105", "K7Q"), (message.OneTimeToken, message.Reference));
        Assert.Equal(channel == KeyType.Email ? "alice@example.com" : "+123456789", message.Destination.Value);

        string[] said = ["739105", what, "K7Q", "30 min", "Nobody will ever ask"];
        Assert.All(said, part => Assert.Contains(part, message.Text));
        if (channel == KeyType.PhoneNumber)
        {
            Assert.Null(message.Subject);
            Assert.Null(message.Html);
            // What browsers read (https://wicg.github.io/sms-one-time-codes/): the last line, and nothing after it.
            Assert.Equal("@accounts.example.com #739105", message.Text.Split('\n')[^1]);
            Assert.DoesNotContain("b3ta29", message.Text);
        }
        else
        {
            Assert.All(said, part => Assert.Contains(part, message.Html!));
            Assert.Contains("K7Q", message.Subject);
            Assert.DoesNotContain("739105", message.Subject);
            Assert.Contains("Your anti-phishing code: b3ta29", message.Text);
            Assert.Contains("<strong>b3ta29</strong>", message.Html);
            Assert.Contains("2026-11-22 19:00 UTC", message.Text);
        }
    }

    public static TheoryData<string, KeyType, string> Notices => new()
    {
        { nameof(MessageKind.KeyAdded), KeyType.Email, "The email address s***t@example.org was added to your account." },
        { nameof(MessageKind.KeyAdded), KeyType.PhoneNumber, "The phone number s***t@example.org was added to your account." },
        { nameof(MessageKind.KeyChanged), KeyType.Email, "The email address of your account was changed to s***t@example.org." },
        { nameof(MessageKind.KeyChanged), KeyType.PhoneNumber, "The phone number of your account was changed to s***t@example.org." },
        { nameof(MessageKind.KeyRemoved), KeyType.Email, "The email address s***t@example.org was removed from your account." },
        { nameof(MessageKind.KeyRemoved), KeyType.PhoneNumber, "The phone number s***t@example.org was removed from your account." },
        { nameof(MessageKind.MfaEnabled), KeyType.Email, "MFA was switched on for s***t@example.org." },
        { nameof(MessageKind.MfaEnabled), KeyType.PhoneNumber, "MFA was switched on for s***t@example.org." },
        { nameof(MessageKind.MfaDisabled), KeyType.Email, "MFA was switched off for s***t@example.org." },
        { nameof(MessageKind.MfaDisabled), KeyType.PhoneNumber, "MFA was switched off for s***t@example.org." },
        { nameof(MessageKind.AntiPhishingCodeSet), KeyType.Email, "The anti-phishing code of your account was set to s***t@example.org." },
        { nameof(MessageKind.AddressInUse), KeyType.Email, "Somebody tried to use s***t@example.org, which is the email address of your account," },
        { nameof(MessageKind.AddressKept), KeyType.Email, "Somebody asked to make s***t@example.org a key of an account." },
        { nameof(MessageKind.ChangeRequested), KeyType.Email, "Somebody who is signed in to your account asked to add s***t@example.org as the email address of your account. A code for that went to s***t@example.org. Nothing has changed yet." },
        { nameof(MessageKind.ChangeUndone), KeyType.Email, "A change to your account was undone by the link in a message about it." },
        { nameof(MessageKind.AddressInUse), KeyType.PhoneNumber, "Somebody tried to use s***t@example.org, which is the phone number of your account," },
    };

    [Theory]
    [MemberData(nameof(Notices))]
    public void A_notice_says_what_happened_and_when_on_both_channels(string name, KeyType keyType, string happened)
    {
        var kind = Enum.Parse<MessageKind>(name);
        foreach (var channel in Enum.GetValues<KeyType>())
        {
            var message = Render(Content(kind, channel, Operation.AddingKey, keyType) with { Code = null, Reference = null });
            Assert.Null(message.OneTimeToken);
            Assert.Null(message.Reference);
            Assert.Contains(happened, message.Text);
            Assert.Contains("Nobody will ever ask you for a code.", message.Text);
            // Who did nothing is not to be alarmed.
            Assert.Contains(
                kind is MessageKind.AddressInUse or MessageKind.AddressKept ? "account" + (kind == MessageKind.AddressInUse ? "" : " yet") + ". Nothing was changed."
                : channel == KeyType.Email ? "If this was not you, tell the support of Acme at once."
                : "Not you? Tell our support at once.",
                message.Text);
            if (channel == KeyType.PhoneNumber)
            {
                Assert.Equal((null, null), (message.Subject, message.Html));
                Assert.DoesNotContain("@accounts.example.com", message.Text);
            }
            else
            {
                Assert.Contains(happened, message.Html);
                Assert.Contains("2026-11-22 19:00 UTC", message.Html);
                Assert.Contains("b3ta29", message.Text);
                Assert.Contains("b3ta29", message.Html);
                Assert.NotEmpty(message.Subject!);
            }
        }
    }

    [Fact]
    public void Every_kind_is_rendered_for_every_operation_channel_and_key_type_and_nothing_of_the_template_is_left()
    {
        var rendered = 0;
        foreach (var kind in Enum.GetValues<MessageKind>())
        foreach (var operation in Enum.GetValues<Operation>())
        foreach (var channel in Enum.GetValues<KeyType>())
        foreach (var keyType in new KeyType?[] { KeyType.Email, KeyType.PhoneNumber, null })
        {
            var message = Render(Content(kind, channel, operation, keyType));
            foreach (var part in new[] { message.Subject, message.Text, message.Html }.OfType<string>())
            {
                Assert.NotEmpty(part);
                Assert.Equal(part.Trim(), part);
                Assert.DoesNotContain("{{", part);
                Assert.DoesNotContain("{%", part);
                Assert.DoesNotContain("Liquid", part);
                rendered++;
            }

            if (message.Subject is not null)
                Assert.DoesNotContain('\n', message.Subject);
        }

        Assert.Equal(11 * 8 * 3 * (3 + 1), rendered);
    }

    [Theory]
    [InlineData("<b>")]
    [InlineData("{{7*7}}")]
    [InlineData("${7*7}")]
    [InlineData("{{ code }}{% if true %}x{% endif %}")]
    [InlineData("\"'&<script>")]
    [Trait("ASVS", "1.1.2")]
    [Trait("ASVS", "1.2.1")]
    [Trait("ASVS", "1.3.5")]
    [Trait("ASVS", "1.3.7")]
    [Trait("Attack", "12")]
    public void A_value_is_never_a_template_and_in_HTML_never_markup(string hostile)
    {
        foreach (var kind in new[] { MessageKind.Code, MessageKind.KeyChanged })
        {
            var content = Content(kind, KeyType.Email, Operation.ChangingNewKey, KeyType.Email) with
            {
                AntiPhishingCode = $"AP{hostile}",
                Subject = $"S{hostile}",
            };
            var mail = Render(content, product: $"P{hostile}");
            foreach (var name in new[] { "AP", "S", "P" })
            {
                Assert.Contains(name + hostile, mail.Text);
                Assert.Contains(HtmlEncoder.Default.Encode(name + hostile), mail.Html);
            }

            Assert.Contains($"P{hostile}", mail.Subject);
            Assert.DoesNotContain("<b>", mail.Html);
            Assert.DoesNotContain("<script>", mail.Html);
            Assert.DoesNotContain("49", mail.Text.Replace(hostile, "", StringComparison.Ordinal));

            var sms = Render(content with { Channel = KeyType.PhoneNumber, To = "+123456789" }, product: $"P{hostile}");
            Assert.Contains($"P{hostile}", sms.Text);
            // A code goes to the very number that it is about, and an SMS is short.
            if (kind != MessageKind.Code)
                Assert.Contains($"S{hostile}", sms.Text);
        }
    }

    [Fact]
    public void A_lifetime_that_is_no_whole_number_of_minutes_is_said_in_seconds()
    {
        var content = Content(MessageKind.Code, KeyType.Email, Operation.RemovingKey, KeyType.Email) with { ExpiresAt = Now.AddSeconds(90) };
        Assert.Contains("Valid for: 90 sec.", Render(content).Text);
        Assert.Contains("valid 90 sec.", Render(content with { Channel = KeyType.PhoneNumber, To = "+123456789" }).Text);
        Assert.Contains("Valid for: 1440 min.", Render(content with { ExpiresAt = Now.AddDays(1) }).Text);
    }

    [Fact]
    public void Without_a_host_an_SMS_ends_with_its_text()
    {
        var content = Content(MessageKind.Code, KeyType.PhoneNumber, Operation.RemovingKey, KeyType.PhoneNumber);
        var message = Render(content, host: "");
        Assert.DoesNotContain('\n', message.Text);
        Assert.EndsWith("Nobody will ever ask for it.", message.Text);
    }

    [Fact]
    public void Without_an_anti_phishing_code_mail_does_not_speak_of_one()
    {
        foreach (var kind in new[] { MessageKind.Code, MessageKind.KeyAdded })
        {
            var message = Render(Content(kind, KeyType.Email, Operation.AddingKey, KeyType.Email) with { AntiPhishingCode = null });
            Assert.DoesNotContain("anti-phishing", message.Text);
            Assert.DoesNotContain("anti-phishing", message.Html);
        }
    }

    [Fact]
    public void A_language_without_templates_is_read_as_English()
    {
        var content = Content(MessageKind.Code, KeyType.Email, Operation.AddingKey, KeyType.Email);
        var english = Render(content);
        foreach (var locale in new[] { "en", "en-GB", "EN-us", "zh-Hant-TW", "x" })
            Assert.Equal(english.Text, Render(content with { Locale = locale }).Text);
    }

    [Fact]
    public void A_base_32_code_stands_in_the_bound_line_as_it_is_shown()
    {
        var content = Content(MessageKind.Code, KeyType.PhoneNumber, Operation.AddingKey, KeyType.PhoneNumber) with { Code = "7GX2-M4PQ" };
        Assert.Equal("@accounts.example.com #7GX2-M4PQ", Render(content).Text.Split('\n')[^1]);
    }

    static OutgoingMessage Render(MessageContent content, string product = "Acme", string host = "accounts.example.com")
    {
        var options = new CountersignOptions { Messages = new MessageOptions { ProductName = product, Host = host } };
        return new Templates(options, TemplateSet.Load(null)).Render(new QueuedMessage("alice", "message-1", content, 0, Now + Outbox.Lease));
    }

    static MessageContent Content(MessageKind kind, KeyType channel, Operation operation, KeyType? keyType) => new(
        kind,
        channel,
        (channel == KeyType.Email ? Email : Number).Value,
        operation,
        keyType,
        "739105",
        "K7Q",
        "s***t@example.org",
        "b3ta29",
        null,
        Now,
        Now.AddMinutes(30));
}
