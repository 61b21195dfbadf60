using System.Security.Cryptography;
using System.Text;
using Countersign.Domain;
using CsCheck;

namespace Countersign.Tests.Domain;

public sealed class TokenCodesTests
{
    static readonly Address Email = World.Address("alice@example.com")!;
    static readonly byte[] Secret = "of a message"u8.ToArray();

    [Theory]
    [InlineData(CodeFormat.Digits6, 6, "0123456789")]
    [InlineData(CodeFormat.Digits8, 8, "0123456789")]
    [InlineData(CodeFormat.Base32, 8, "0123456789ABCDEFGHJKMNPQRSTVWXYZ")]
    [Trait("ASVS", "6.4.1")]
    [Trait("ASVS", "6.5.3")]
    [Trait("ASVS", "6.5.4")]
    public void Codes_are_drawn_evenly_from_their_alphabet(CodeFormat format, int length, string alphabet)
    {
        const int draws = 20_000;
        var counts = alphabet.ToDictionary(character => character, _ => 0);
        for (var i = 0; i < draws; i++)
        {
            var code = TokenCodes.Draw(format, World.Start).Code.Reveal();
            Assert.True(length == code.Length);
            foreach (var character in code)
                counts[character]++;
        }

        // Eight standard deviations: a fair draw fails this less than once in 10^13 runs, a modulo of a byte at once.
        var expected = draws * length / (double)alphabet.Length;
        Assert.All(counts, count => Assert.InRange(count.Value, expected - (8 * Math.Sqrt(expected)), expected + (8 * Math.Sqrt(expected))));
    }

    [Fact]
    public void Each_draw_is_new()
    {
        var draws = Enumerable.Range(0, 100).Select(_ => TokenCodes.Draw(CodeFormat.Base32, World.Start)).ToList();
        Assert.Equal(100, draws.Select(draw => draw.Code.Reveal()).Distinct().Count());
        Assert.Equal(100, draws.Select(draw => draw.MessageId).Distinct().Count());
        Assert.Equal(100, draws.Select(draw => Convert.ToHexString(draw.Unmatchable)).Distinct().Count());
        Assert.All(draws, draw => Assert.Matches(@"\A[A-Z2-9]{3}\z", draw.Reference));
        Assert.All(draws, draw => Assert.Equal(32, draw.Unmatchable.Length));
    }

    [Fact]
    public void Ids_are_UUIDs_of_version_7_and_each_thread_draws_its_own()
    {
        var ids = new string[4][];
        var threads = Enumerable.Range(0, ids.Length).Select(place => new Thread(() => ids[place] = [.. Enumerable.Range(0, 1_000).Select(_ => TokenCodes.NewId(World.Start))])).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        var all = ids.SelectMany(of => of).ToList();
        Assert.Equal(all.Count, all.Distinct().Count());
        var guids = all.ConvertAll(id => Guid.ParseExact(id, "N"));
        Assert.All(guids, id => Assert.Equal((7, true), (id.Version, id.Variant is >= 8 and <= 11)));
        var time = Guid.CreateVersion7(World.Start).ToString("N")[..12];
        Assert.All(all, id => Assert.Equal(time, id[..12]));
        // Every bit that is random is set in half of them: of 4,000, within eight standard deviations.
        foreach (var bit in Enumerable.Range(0, 128).Where(bit => bit is >= 52 and < 64 or >= 66))
            Assert.InRange(guids.Count(id => (id.ToByteArray(bigEndian: true)[bit / 8] >> (7 - (bit % 8)) & 1) == 1), 2_000 - 253, 2_000 + 253);
    }

    [Fact]
    public void Ids_sort_by_time()
    {
        var ids = Enumerable.Range(0, 50).Select(i => TokenCodes.NewId(World.Start.AddMilliseconds(i))).ToList();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    [Fact]
    [Trait("ASVS", "6.6.2")]
    [Trait("Attack", "5")]
    public void A_digest_is_bound_to_everything_that_it_is_made_of()
    {
        var codes = Codes(("a", 1));
        var purpose = Purposes.ChangingEmail;
        var token = Issue(codes, "alice", purpose, Email, "482913");
        Assert.Equal(32, token.Digest.Length);

        Assert.True(codes.Matches(token, "alice", purpose, Email, Code("482913")));
        Assert.True(codes.Matches(token, "alice", purpose, World.Address("ALICE@example.com")!, Code("482913")));

        Assert.False(codes.Matches(token, "alicf", purpose, Email, Code("482913")));
        Assert.False(codes.Matches(token, "Alice", purpose, Email, Code("482913")));
        Assert.False(codes.Matches(token, "alice", Purposes.RemovingEmail, Email, Code("482913")));
        Assert.False(codes.Matches(token, "alice", Purposes.ChangingPhoneNumber, Email, Code("482913")));
        Assert.False(codes.Matches(token, "alice", new Purpose(Operation.ChangingKey, null), Email, Code("482913")));
        Assert.False(codes.Matches(token, "alice", purpose, World.Address("alicf@example.com")!, Code("482913")));
        Assert.False(codes.Matches(token, "alice", purpose, World.Address("+4915112345678")!, Code("482913")));
        Assert.False(codes.Matches(token, "alice", purpose, Email, Code("482914")));
        Assert.False(codes.Matches(token with { KeyId = "b" }, "alice", purpose, Email, Code("482913")));
    }

    [Fact]
    public void No_part_of_a_digest_flows_into_the_next()
    {
        var codes = Codes(("a", 1));
        var digests = new[]
        {
            codes.Digest("a", Purposes.AddingAntiPhishing, Email, Code("482913")),
            codes.Digest("aantiPhishing/adding", Purposes.AddingAntiPhishing, Email, Code("482913")),
            codes.Digest("a", Purposes.AddingAntiPhishing, World.Address("alice@example.com1")!, Code("82913")),
            codes.Digest("a", Purposes.AddingAntiPhishing, World.Address("alice@example.com1")!, Code("482913")),
            codes.Digest("", Purposes.AddingAntiPhishing, Email, Code("482913")),
        };
        Assert.Equal(digests.Length, digests.Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public void Any_two_different_inputs_have_different_digests() =>
        Gen.Select(Gen.String[0, 3], Gen.OneOf(Purposes.All), Gen.OneOf("a@b.c", "b@b.c", "+1234567"), Gen.OneOf("1", "11", "2"))
            .Array[2]
            .Sample(
                inputs =>
                {
                    var codes = World.Codes;
                    var digests = inputs
                        .Select(input => codes.Digest(input.Item1, input.Item2, World.Address(input.Item3)!, Code(input.Item4)))
                        .ToList();
                    var same = Wellformed(inputs[0].Item1) == Wellformed(inputs[1].Item1)
                        && inputs[0].Item2 == inputs[1].Item2 && inputs[0].Item3 == inputs[1].Item3 && inputs[0].Item4 == inputs[1].Item4;
                    Assert.True(same == digests[0].SequenceEqual(digests[1]));
                },
                iter: 10_000);

    [Fact]
    public void The_first_key_signs_the_others_verify_and_a_removed_one_does_not()
    {
        var before = Codes(("old", 1));
        var rotated = Codes(("new", 2), ("old", 1));
        var after = Codes(("new", 2));
        var old = Issue(before, "alice", Purposes.ChangingEmail, Email, "482913");
        var fresh = Issue(rotated, "alice", Purposes.ChangingEmail, Email, "482913");

        Assert.Equal(("old", "new"), (old.KeyId, fresh.KeyId));
        Assert.False(old.Digest.Span.SequenceEqual(fresh.Digest.Span));
        Assert.True(rotated.Matches(old, "alice", Purposes.ChangingEmail, Email, Code("482913")));
        Assert.True(rotated.Matches(fresh, "alice", Purposes.ChangingEmail, Email, Code("482913")));
        Assert.True(after.Matches(fresh, "alice", Purposes.ChangingEmail, Email, Code("482913")));
        Assert.False(after.Matches(old, "alice", Purposes.ChangingEmail, Email, Code("482913")));
        Assert.False(before.Matches(fresh, "alice", Purposes.ChangingEmail, Email, Code("482913")));
    }

    [Fact]
    public void A_key_of_the_same_id_and_another_value_does_not_verify()
    {
        var token = Issue(Codes(("a", 1)), "alice", Purposes.ChangingEmail, Email, "482913");
        Assert.False(Codes(("a", 2)).Matches(token, "alice", Purposes.ChangingEmail, Email, Code("482913")));
    }

    [Fact]
    public void What_was_sealed_is_opened_under_its_label() =>
        Gen.Select(Gen.String[0, 40], Gen.Byte.Array[0, 200]).Sample(
            (label, plaintext) => Assert.Equal(plaintext, World.Codes.Open(label, World.Codes.Seal(label, plaintext))), iter: 2_000);

    [Fact]
    [Trait("ASVS", "11.3.4")]
    public void The_same_value_is_sealed_differently_each_time_and_shows_nothing_of_itself()
    {
        var (first, second) = (World.Codes.Seal("label", Secret), World.Codes.Seal("label", Secret));
        Assert.False(first.AsSpan().SequenceEqual(second));
        Assert.Equal(-1, first.AsSpan().IndexOf(Secret));
    }

    [Fact]
    [Trait("ASVS", "11.3.3")]
    public void Under_another_label_it_does_not_open()
    {
        var sealedValue = World.Codes.Seal("outbox/1", Secret);
        Assert.ThrowsAny<CryptographicException>(() => World.Codes.Open("outbox/2", sealedValue));
        Assert.ThrowsAny<CryptographicException>(() => World.Codes.Open("", sealedValue));
    }

    [Fact]
    [Trait("ASVS", "11.2.5")]
    [Trait("ASVS", "11.3.3")]
    public void No_bit_of_it_can_be_flipped()
    {
        var sealedValue = World.Codes.Seal("label", Secret);
        for (var bit = 0; bit < sealedValue.Length * 8; bit++)
        {
            var altered = sealedValue.ToArray();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            // A bit of the key's id makes it the id of a key that is not there.
            var thrown = Record.Exception(() => World.Codes.Open("label", altered));
            Assert.True(thrown is CryptographicException or TokenKeyMissingException, $"bit {bit}: {thrown?.GetType().Name ?? "opened"}");
        }
    }

    [Fact]
    [Trait("ASVS", "11.2.5")]
    [Trait("ASVS", "11.3.3")]
    public void Cut_short_or_lengthened_it_does_not_open()
    {
        var sealedValue = World.Codes.Seal("label", Secret);
        for (var length = 0; length < sealedValue.Length; length++)
            Assert.ThrowsAny<CryptographicException>(() => World.Codes.Open("label", sealedValue.AsSpan(0, length)));
        Assert.ThrowsAny<CryptographicException>(() => World.Codes.Open("label", [.. sealedValue, 0]));
    }

    [Fact]
    public void A_retired_key_opens_what_it_sealed_and_a_missing_one_is_named()
    {
        var sealedValue = Codes(("old", 1)).Seal("label", Secret);
        Assert.Equal(Secret, Codes(("new", 2), ("old", 1)).Open("label", sealedValue));

        var missing = Assert.Throws<TokenKeyMissingException>(() => Codes(("new", 2)).Open("label", sealedValue));
        Assert.Contains("'old'", missing.Message, StringComparison.Ordinal);
        Assert.Contains("Countersign:Keys", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_prints_as_its_id_and_seals_with_another_secret_than_it_signs_with()
    {
        var key = Key("a", 1);
        Assert.Equal("a", key.ToString());
        Assert.False(key.DigestKey.AsSpan().SequenceEqual(key.SealKey));
        Assert.Equal(32, TokenCodes.NewKeyValue().Length);
        Assert.False(TokenCodes.NewKeyValue().AsSpan().SequenceEqual(TokenCodes.NewKeyValue()));
    }

    [Fact]
    public void A_fraction_is_between_nothing_and_one() =>
        Assert.All(Enumerable.Range(0, 1_000).Select(_ => TokenCodes.NewFraction()), fraction => Assert.InRange(fraction, 0.0, 1.0));

    internal static Draw DrawOf(string code) => new(Code(code), "K7Q", "message", new byte[32]);

    static TokenCode Code(string text) => new(text, CodeFormat.Digits6);

    static TokenKey Key(string id, byte value) => new(id, Enumerable.Repeat(value, TokenKey.Size).ToArray());

    static TokenCodes Codes(params (string Id, byte Value)[] keys) => new([.. keys.Select(key => Key(key.Id, key.Value))]);

    static OneTimeToken Issue(TokenCodes codes, string userId, Purpose purpose, Address target, string code) =>
        new(codes.Digest(userId, purpose, target, Code(code)), codes.CurrentKeyId, World.Start.AddMinutes(30));

    /// <summary>Half a surrogate pair is no text: in UTF-8 all of them are the same replacement character.</summary>
    static string Wellformed(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
