using System.Globalization;
using System.Text;
using Countersign.Domain;
using CsCheck;

namespace Countersign.Tests.Domain;

public sealed class EmailAddressTests
{
    const int Cases = 100_000;
    const string AtomCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~";

    /// <summary>What ends a line or a string somewhere between here and a mail server, or shows as nothing.</summary>
    static readonly string[] Refused =
    [
        "\r", "\n", "\0", "\t", "\v", "\f", "\u001B", "\u007F", "\u0085", "\u2028", "\u2029",
        " ", "\u00A0", "\u1680", "\u2003", "\u202F", "\u205F", "\u3000",
        "\u00AD", "\u034F", "\u061C", "\u115F", "\u1160", "\u17B4", "\u17B5", "\u180B", "\u180E",
        "\u200B", "\u200C", "\u200D", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C", "\u202D", "\u202E",
        "\u2060", "\u2064", "\u2066", "\u2067", "\u2068", "\u2069", "\u206A", "\u3164", "\uFE00", "\uFE0F", "\uFEFF", "\uFFA0", "\uFFF9",
        "\uE000", "\uFFFF", "\U000E0001", "\U000E0020", "\U000E0100", "\U0001D173", "\uD800", "\uDC00",
        "<", ">", "\"", "(", ")", ",", ":", ";", "[", "]", "\\", "@",
    ];

    /// <summary>Look-alikes, case pairs, compatibility forms, marks: each taken for something, or refused.</summary>
    static readonly string[] Curious =
    [
        "ı", "İ", "ſ", "\u212A", "\u212B", "ß", "ẞ", "ﬁ", "ﬀ", "ς", "σ", "Ａ", "ａ", "．", "。", "｡", "＠", "－",
        "é", "e\u0301", "ö", "o\u0308", "\u0301", "\u0338", "а", "е", "о", "р", "ѕ", "α", "①", "㏂", "½", "…", "‥", "⁄", "ª", "ǆ", "ŀ", "ﷺ",
        "xn--", "xn--fa-hia", "--", "-", "_", ".", "..", "0", "٠", "日", "本", "א", "ع", "🍌",
    ];

    static readonly Gen<string> Local = Gen.Char[AtomCharacters].Array[1, 12].Array[1, 3]
        .Select(atoms => string.Join('.', atoms.Select(atom => new string(atom))));

    static readonly Gen<string> Label = Gen.Frequency(
        (6, Gen.Char[AtomCharacters[..62]].Array[1, 10].Select(characters => new string(characters))),
        (2, Gen.OneOf(
            "bücher", "BÜCHER", "bu\u0308cher", "xn--bcher-kva", "straße", "例え", "пример", "παράδειγμα", "ｅｘａｍｐｌｅ", "my-host", "ﬁsh")),
        (1, Gen.OneOf(Curious)));

    static readonly Gen<string> Valid = Gen.Select(
        Local, Label.Array[1, 3], Gen.OneOf("com", "example", "co.uk", "xn--p1ai", "рф", "テスト", "COM"),
        (local, labels, top) => $"{local}@{string.Join('.', labels)}.{top}");

    /// <summary>Mostly valid addresses, each with up to three small changes.</summary>
    static readonly Gen<string> Mutated = Gen.Select(
        Valid, Mutation(), Mutation(), Mutation(), (text, first, second, third) => third(second(first(text))));

    [Fact]
    [Trait("ASVS", "1.1.1")]
    [Trait("Attack", "10")]
    public void What_is_accepted_is_its_own_canonical_form_and_plain_ASCII()
    {
        var accepted = 0;
        Mutated.Sample(
            text =>
            {
                if (!EmailAddress.TryParse(text, out var address, out _))
                    return;

                Interlocked.Increment(ref accepted);
                Assert.True(address.Value.Length is >= 3 and <= EmailAddress.MaxLength, address.Value);
                Assert.True(address.Value.IndexOf('@', StringComparison.Ordinal) is >= 1 and <= EmailAddress.MaxLocalPartLength, address.Value);
                Assert.True(address.Value.Count(character => character == '@') == 1, address.Value);
                Assert.True(address.Value.All(character => character is >= '!' and <= '~'), address.Value);
                var lowerCase = address.Value.ToLowerInvariant();
                Assert.True(lowerCase == address.Canonical, address.Value);

                Assert.True(EmailAddress.TryParse(address.Value, out var again, out _), address.Value);
                Assert.True((address.Value, address.Canonical) == (again.Value, again.Canonical), address.Value);
                Assert.True(EmailAddress.TryParse(address.Canonical, out var canonical, out _), address.Canonical);
                Assert.True((address.Canonical, address.Canonical) == (canonical.Value, canonical.Canonical), address.Value);
                var stored = EmailAddress.FromStore(address.Value);
                Assert.True((address.Value, address.Canonical) == (stored.Value, stored.Canonical), address.Value);
            },
            iter: Cases, print: Escaped);
        Assert.InRange(accepted, Cases / 4, Cases * 9 / 10);
    }

    [Fact]
    public void The_local_part_is_kept_as_given() =>
        Valid.Sample(
            text =>
            {
                if (EmailAddress.TryParse(text, out var address, out _))
                    Assert.StartsWith(text[..(text.IndexOf('@', StringComparison.Ordinal) + 1)], address.Value, StringComparison.Ordinal);
            },
            iter: Cases, print: Escaped);

    [Fact]
    [Trait("Attack", "10")]
    public void Two_addresses_are_equal_exactly_when_their_canonical_forms_are()
    {
        var (equal, different) = (0, 0);
        Gen.Select(Valid, Mutation(), Mutation(), (text, first, second) => (first(text), second(text))).Sample(
            (left, right) =>
            {
                if (!EmailAddress.TryParse(left, out var one, out _) || !EmailAddress.TryParse(right, out var other, out _))
                    return;

                var same = one.Canonical == other.Canonical;
                Interlocked.Increment(ref same ? ref equal : ref different);
                Assert.True(same == one.Equals(other));
                Assert.True(same == other.Equals((object)one));
                Assert.True(!same || one.GetHashCode() == other.GetHashCode());
            },
            iter: Cases, print: pair => $"{Escaped(pair.Item1)} and {Escaped(pair.Item2)}");
        Assert.True(equal > Cases / 20 && different > Cases / 20, $"{equal} equal, {different} different");
    }

    [Fact]
    [Trait("Attack", "10")]
    public void What_a_resolver_takes_for_the_same_name_is_the_same_key() =>
        Gen.Select(Valid, Gen.Int[0, 4]).Sample(
            (text, how) =>
            {
                if (!EmailAddress.TryParse(text, out var address, out _))
                    return;

                var at = text.IndexOf('@', StringComparison.Ordinal);
                var domain = text[(at + 1)..];
                var other = text[..at].ToUpperInvariant() + "@" + how switch
                {
                    0 => domain.Normalize(NormalizationForm.FormC),
                    1 => domain.Normalize(NormalizationForm.FormD),
                    2 => string.Concat(domain.Select(character => character is > ' ' and <= '~' ? (char)(character + 0xFEE0) : character)),
                    3 => domain.Replace('.', '。'),
                    _ => address.Value[(address.Value.IndexOf('@', StringComparison.Ordinal) + 1)..].ToUpperInvariant(),
                };
                Assert.True(EmailAddress.TryParse(other, out var same, out var error), $"{Escaped(other)}: {error}");
                Assert.True(address.Canonical == same.Canonical, $"{same.Canonical}, and not {address.Canonical}");
            },
            iter: Cases, print: pair => $"{Escaped(pair.Item1)}, {pair.Item2}");

    [Fact]
    public void A_character_that_ends_a_line_or_shows_as_nothing_is_refused_wherever_it_stands() =>
        Gen.Select(Valid, Gen.OneOf(Refused), Gen.Double.Unit, (text, character, where) =>
            text.Insert((int)(where * (text.Length + 1)), character)).Sample(
            text => Assert.False(EmailAddress.TryParse(text, out _, out _)), iter: Cases, print: Escaped);

    [Fact]
    [Trait("ASVS", "1.3.11")]
    [Trait("Attack", "11")]
    public void Each_such_character_is_refused_at_every_place()
    {
        const string address = "alice@example.com";
        foreach (var character in Refused)
        {
            for (var place = 0; place <= address.Length; place++)
            {
                var isAccepted = EmailAddress.TryParse(address.Insert(place, character), out _, out var error);
                Assert.False(isAccepted, $"{Escaped(character)} at {place}");
                Assert.False(string.IsNullOrEmpty(error));
            }
        }
    }

    [Theory]
    // Case, in both parts.
    [InlineData("Alice@EXAMPLE.com", "Alice@example.com")]
    // Compatibility characters of the domain are what UTS 46 maps them to.
    [InlineData("a@ſample.com", "a@sample.com")]
    [InlineData("a@\u212Aelvin.com", "a@kelvin.com")]
    [InlineData("a@ﬁsh.com", "a@fish.com")]
    [InlineData("a@ｅｘａｍｐｌｅ．ｃｏｍ", "a@example.com")]
    [InlineData("a@example。com", "a@example.com")]
    [InlineData("a@①.com", "a@1.com")]
    // IDNA 2008 has a sharp s and a final sigma of their own, as registries do.
    [InlineData("a@straße.de", "a@xn--strae-oqa.de")]
    [InlineData("a@βόλος.gr", "a@xn--nxasmm1c.gr")]
    // Other letters, however alike, are other names.
    [InlineData("a@gıthub.com", "a@xn--gthub-n4a.com")]
    [InlineData("a@exаmple.com", "a@xn--exmple-4nf.com")]
    // Composed or not.
    [InlineData("a@bücher.example", "a@xn--bcher-kva.example")]
    [InlineData("a@bu\u0308cher.example", "a@xn--bcher-kva.example")]
    [InlineData("a@BU\u0308CHER.example", "a@xn--bcher-kva.example")]
    [InlineData("a@xn--bcher-kva.example", "a@xn--bcher-kva.example")]
    [InlineData("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example")]
    [InlineData("a@\u212Bngstrom.com", "a@xn--ngstrom-dxa.com")]
    [InlineData("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah")]
    // Unusual, but a dot-atom.
    [InlineData("!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com")]
    [InlineData("a.b+c@mail.example.co.uk", "a.b+c@mail.example.co.uk")]
    [InlineData("a@b.c", "a@b.c")]
    [InlineData("a@1.2.3.example", "a@1.2.3.example")]
    [Trait("Attack", "10")]
    public void Mail_goes_to_the_name_that_a_mail_system_would_deliver_to(string text, string stored)
    {
        Assert.True(EmailAddress.TryParse(text, out var address, out var error), error);
        Assert.Equal(stored, address.Value);
        Assert.Equal(stored.ToLowerInvariant(), address.Canonical);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("alice")]
    [InlineData("alice@")]
    [InlineData("@example.com")]
    [InlineData("alice@localhost")]
    [InlineData("alice@example.com.")]
    [InlineData("alice@.example.com")]
    [InlineData("alice@example..com")]
    [InlineData("alice@-example.com")]
    [InlineData("alice@example-.com")]
    [InlineData("alice@exa_mple.com")]
    [InlineData("alice@127.0.0.1")]
    [InlineData("alice@１２７.0.0.1")]
    [InlineData("alice@[127.0.0.1]")]
    [InlineData("alice@[IPv6:::1]")]
    [InlineData("alice@example.123")]
    [InlineData("alice@@example.com")]
    [InlineData("alice@evil.com@example.com")]
    [InlineData("alice＠example.com")]
    [InlineData("alice@evil＠example.com")]
    [InlineData(".alice@example.com")]
    [InlineData("alice.@example.com")]
    [InlineData("al..ice@example.com")]
    [InlineData("\"alice\"@example.com")]
    [InlineData("\"al ice\"@example.com")]
    [InlineData("alice(comment)@example.com")]
    [InlineData("Alice <alice@example.com>")]
    [InlineData(" alice@example.com")]
    [InlineData("alice@example.com ")]
    [InlineData("alice @example.com")]
    [InlineData("alice@example.com\r\nBcc: victim@example.com")]
    [InlineData("alice@example.com,bob@example.com")]
    // Local parts that are not ASCII: a mail system might fold them, and this one does not guess how.
    [InlineData("mıke@example.com")]
    [InlineData("MİKE@example.com")]
    [InlineData("jame\u017F@example.com")]
    [InlineData("\u212Aim@example.com")]
    [InlineData("stra\u00DFe@example.com")]
    [InlineData("o\uFB01ce@example.com")]
    [InlineData("ａlice@example.com")]
    [InlineData("e\u0301ric@example.com")]
    [InlineData("éric@example.com")]
    // Labels that name nothing, or name it in two ways.
    [InlineData("alice@xn--.com")]
    [InlineData("alice@xn--a.com")]
    [InlineData("alice@xn--example.com")]
    [InlineData("alice@xn--STRASSE-.com")]
    [InlineData("alice@\u0301.com")]
    [InlineData("alice@exa\u00ADmple.com")]
    [InlineData("alice@exa\u200Dmple.com")]
    [InlineData("alice@exa\u202Emple.com")]
    [InlineData("alice@exam\U000E0100ple.com")]
    [Trait("ASVS", "2.2.1")]
    [Trait("Attack", "10")]
    public void What_is_no_address_is_refused(string? text)
    {
        Assert.False(EmailAddress.TryParse(text, out var address, out var error), address?.Value);
        Assert.EndsWith(".", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_capital_sharp_s_is_what_the_Unicode_version_of_the_machine_says()
    {
        Assert.True(EmailAddress.TryParse("a@STRA\u1E9EE.de", out var address, out _));
        // UTS 46 took it for ss until Unicode 15.1, and takes it for a sharp s since.
        Assert.Contains(address.Value, new[] { "a@strasse.de", "a@xn--strae-oqa.de" });
    }

    [Fact]
    public void The_limits_of_length_are_those_of_RFC_5321()
    {
        Assert.True(EmailAddress.TryParse(new string('a', 64) + "@example.com", out _, out _));
        Assert.False(EmailAddress.TryParse(new string('a', 65) + "@example.com", out _, out _));
        Assert.True(EmailAddress.TryParse("a@" + new string('b', 63) + ".com", out _, out _));
        Assert.False(EmailAddress.TryParse("a@" + new string('b', 64) + ".com", out _, out _));

        var longest = $"{new string('a', 64)}@{string.Join('.', Enumerable.Repeat(new string('b', 61), 3))}.com";
        Assert.Equal(254, longest.Length);
        Assert.True(EmailAddress.TryParse(longest, out _, out _));
        Assert.False(EmailAddress.TryParse(longest[..^3] + "info", out _, out _));

        // Short as it is written, but too long as it goes to a mail server.
        var unicode = $"{new string('a', 64)}@{string.Join('.', Enumerable.Repeat("é" + new string('b', 54), 3))}.com";
        Assert.True(unicode.Length <= 254);
        Assert.False(EmailAddress.TryParse(unicode, out _, out var error));
        Assert.Equal("An email address has at most 254 octets.", error);
    }

    [Fact]
    public void An_email_equals_no_phone_number_and_nothing_equals_nothing()
    {
        var email = World.Address("alice@example.com")!;
        Assert.False(email.Equals(World.Address("+4915112345678")));
        Assert.False(email.Equals(null));
        Assert.False(email.Equals((object)"alice@example.com"));
    }

    static Gen<Func<string, string>> Mutation() => Gen.Select(
        Gen.Int[0, 11], Gen.Double.Unit, Gen.OneOf(Refused), Gen.OneOf(Curious),
        (how, where, refused, curious) => new Func<string, string>(text =>
        {
            var place = (int)(where * text.Length);
            return how switch
            {
                0 => text.Insert(place, refused),
                1 or 2 => text.Insert(place, curious),
                3 when text.Length > 0 => text.Remove(place, 1),
                4 when text.Length > 0 => text.Remove(place, 1).Insert(place, curious),
                5 => text.ToUpperInvariant(),
                6 when !text.Any(char.IsSurrogate) => text.Normalize(NormalizationForm.FormD),
                _ => text,
            };
        }));

    static string Escaped(string text) => string.Concat(text.Select(character =>
        character is >= ' ' and <= '~' ? character.ToString() : "\\u" + ((int)character).ToString("X4", CultureInfo.InvariantCulture)));
}
