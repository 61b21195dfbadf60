using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using Countersign.Domain;
using Countersign.Stores;

namespace Countersign.Tests.Stores;

public class PackedTests
{
    static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_795_000_000_123);
    static readonly Account Empty = Account.New("alice");

    /// <summary>With something in every field of every part.</summary>
    static Account Full()
    {
        var email = Sample.Email("Alice@example.com");
        var phone = Sample.Number("+4915112345678");
        var owner = new AddressOwner("bob", phone, "fr", Sample.AntiPhishing("bobcode1")) { KeptUntil = Now.AddDays(3) };
        var pending = new PendingOperation(phone, "K7Q", "message-1", Sample.Token(1, Now.AddMinutes(30)), Sample.Token(2, Now.AddMinutes(20)), 4, DeliveryState.Failed, owner)
        {
            IsPreviousSent = true,
        };
        var state = new PurposeState(
            new Purpose(Operation.RemovingKey, KeyType.PhoneNumber),
            pending,
            Spent: true,
            new SendBudget(Window(3), Now.AddMinutes(-2)),
            new GuessBudget(Window(5), 2, Now.AddHours(1)));
        return Empty with
        {
            Version = 7,
            CommitId = "commit-7",
            Timeline = 3,
            FormerVersion = 5,
            Locale = "zh-Hans",
            AntiPhishingCode = Sample.AntiPhishing("blue7heron"),
            Email = new UserKey(email, Now.AddDays(-400), MfaEnabled: true),
            PhoneNumber = new UserKey(phone, Now.AddDays(-30), MfaEnabled: true),
            FrozenUntil = Now.AddDays(1),
            Refusals = Window(2),
            Trail = new TrailMark(12, new byte[] { 1, 2, 3 }),
            Holds = Empty.Holds.Add(HoldReason.Recovered, Now.AddHours(48)).Add(HoldReason.KeyChanged, Now.AddHours(24)),
            Purposes = Empty.Purposes.Add(state.Purpose, state),
        };
    }

    [Fact]
    public void An_account_is_unpacked_as_it_was_to_the_last_field()
    {
        var full = Full();
        var fields = Fields(full);

        Assert.Equal(fields, Fields(Unpacked(full)));
        // What is added to an account and not packed is missed only if there is something in it here. Masks and regions are worked out when they are asked for.
        Assert.All(fields.Where(IsNothing), line => Assert.Contains(line.Split('/')[^1], new[] { "Masked = ", "Region = " }));
        Assert.Equal(Fields(Empty), Fields(Unpacked(Empty)));
    }

    [Fact]
    public void What_is_not_there_is_told_from_what_is_empty()
    {
        var purpose = new Purpose(Operation.ChangingAntiPhishing, null);
        var sparse = Empty with { Locale = "", Purposes = Empty.Purposes.Add(purpose, PurposeState.Fresh(purpose)) };

        Assert.Equal(Fields(sparse), Fields(Unpacked(sparse)));
        Assert.Equal("", Unpacked(sparse).Locale);
        Assert.Null(Unpacked(Empty).Locale);
    }

    [Fact]
    public void Values_of_any_length_are_written_over_each_other()
    {
        var full = Full();
        var packed = Packed.Of(Empty, PackedAccount.Pack);
        foreach (var account in new[] { full, Empty, full with { Refusals = Window(SlidingWindow.MaxEntries), Locale = new string('é', 5_000) }, Empty, full })
        {
            packed.Write(account, PackedAccount.Pack);
            Assert.Equal(Fields(account), Fields(packed.Read(PackedAccount.Unpack)));
        }
    }

    [Fact]
    public void A_message_that_was_handed_over_is_marked_where_it_stands()
    {
        var (first, second) = (Full().Purposes.Values.Single(), new Purpose(Operation.AddingKey, KeyType.Email));
        var queued = first with { Pending = first.Pending! with { Delivery = DeliveryState.Queued } };
        var account = Full().With(queued).With(queued with { Purpose = second, Pending = queued.Pending with { MessageId = "message-2" } });
        var packed = Packed.Of(account, PackedAccount.Pack);

        packed.Edit("message-3", PackedAccount.MarkSent);
        Assert.Equal(Fields(account), Fields(packed.Read(PackedAccount.Unpack)));
        packed.Edit("message-2", PackedAccount.MarkSent);
        var sent = account.State(second) with { Pending = account.State(second).Pending! with { Delivery = DeliveryState.Sent } };
        Assert.Equal(Fields(account.With(sent)), Fields(packed.Read(PackedAccount.Unpack)));

        // One that is known to have failed was not on its way any more.
        packed.Write(Full(), PackedAccount.Pack);
        packed.Edit("message-1", PackedAccount.MarkSent);
        Assert.Equal(Fields(Full()), Fields(packed.Read(PackedAccount.Unpack)));
    }

    [Fact]
    public void A_value_is_replaced_by_what_it_is_and_stays_where_there_is_no_other()
    {
        var packed = Packed.Of(new LimitUse(Window(2), 4), LimitUse.Pack);

        packed.Replace(LimitUse.Unpack, known => known.Revision < 4 ? LimitUse.None : null, LimitUse.Pack);
        Assert.Equal(new LimitUse(Window(2), 4), packed.Read(LimitUse.Unpack));
        packed.Replace(LimitUse.Unpack, known => known with { Revision = known.Revision + 1 }, LimitUse.Pack);
        Assert.Equal(new LimitUse(Window(2), 5), packed.Read(LimitUse.Unpack));
    }

    [Fact]
    public async Task Whoever_reads_while_others_write_sees_one_value_and_no_write_is_lost()
    {
        const int Writers = 4, Writes = 2_000;
        var packed = Packed.Of(new LimitUse(SlidingWindow.Empty, 0), LimitUse.Pack);
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Writes; i++)
                packed.Replace(LimitUse.Unpack, known => new LimitUse(Window((int)(known.Revision + 1) % 9), known.Revision + 1), LimitUse.Pack);
        })));

        while (!writing.IsCompleted)
        {
            var seen = packed.Read(LimitUse.Unpack);
            Assert.Equal(Window((int)seen.Revision % 9), seen.Uses);
        }

        await writing;
        Assert.Equal(Writers * Writes, packed.Read(LimitUse.Unpack).Revision);
    }

    static Account Unpacked(Account account) => Packed.Of(account, PackedAccount.Pack).Read(PackedAccount.Unpack);

    static SlidingWindow Window(int entries) => Enumerable.Range(1, entries).Aggregate(SlidingWindow.Empty, (window, i) => window.Add(Now.AddSeconds(i), TimeSpan.FromHours(1)));

    static bool IsNothing(string line) => line.EndsWith(" = ", StringComparison.Ordinal) || line.EndsWith(" = 0", StringComparison.Ordinal) || line.EndsWith(" = False", StringComparison.Ordinal);

    /// <summary>Every field of an object and of its parts, by its path.</summary>
    static List<string> Fields(object value)
    {
        var lines = new List<string>();
        Add("", value);
        return lines;

        void Add(string path, object? part)
        {
            switch (part)
            {
                case null or string or IConvertible:
                    lines.Add($"{path} = {part}");
                    break;
                case DateTimeOffset time:
                    lines.Add($"{path} = {time:O}");
                    break;
                case ReadOnlyMemory<byte> bytes:
                    lines.Add($"{path} = {Convert.ToHexString(bytes.Span)}");
                    break;
                case IDictionary entries:
                    foreach (var key in entries.Keys.Cast<object>().OrderBy(key => key.ToString(), StringComparer.Ordinal))
                        Add($"{path}[{key}]", entries[key]);
                    break;
                case IEnumerable or ITuple:
                    lines.Add($"{path} = {(part is IEnumerable several ? string.Join(' ', several.Cast<object>()) : part)}");
                    break;
                default:
                    for (var type = part.GetType(); type != typeof(object) && type is not null; type = type.BaseType)
                    {
                        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                            Add($"{path}/{field.Name.TrimStart('<').Split('>')[0]}", field.GetValue(part));
                    }

                    break;
            }
        }
    }
}
