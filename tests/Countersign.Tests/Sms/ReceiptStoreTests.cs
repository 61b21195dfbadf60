using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Sms;

/// <summary>What a receipt does to its row, in every database.</summary>
public abstract class ReceiptStoreTests
{
    static readonly CancellationToken Ct = CancellationToken.None;

    [Theory]
    [InlineData("Sent", DeliveryState.Sent)]
    [InlineData("Failed", DeliveryState.Failed)]
    [InlineData("Delivered", DeliveryState.Sent)]
    [InlineData("Sent Delivered", DeliveryState.Sent)]
    [InlineData("Delivered Sent", DeliveryState.Sent)]
    [InlineData("Sent Failed", DeliveryState.Failed)]
    [InlineData("Failed Sent", DeliveryState.Failed)]
    [InlineData("Failed Failed Sent Sent", DeliveryState.Failed)]
    [InlineData("Failed Delivered", DeliveryState.Sent)]
    [InlineData("Delivered Failed", DeliveryState.Sent)]
    [InlineData("Failed Delivered Failed", DeliveryState.Sent)]
    public async Task Receipts_come_late_again_and_out_of_order(string receipts, DeliveryState expected)
    {
        await using var database = NewDatabase();
        await using var node = await StoreNode.CreateAsync(database);
        var id = await SendAsync(node, "SM1");
        foreach (var receipt in receipts.Split(' '))
            await RecordAsync(node, receipt, id, "SM1");
        Assert.Equal(expected, await DeliveryAsync(node));
    }

    [Fact]
    public async Task A_receipt_says_something_new_once()
    {
        await using var database = NewDatabase();
        await using var node = await StoreNode.CreateAsync(database);
        var id = await SendAsync(node, "SM1");
        var said = new List<bool>();
        foreach (var receipt in new[] { "Sent", "Sent", "Failed", "Failed", "Delivered", "Delivered", "Failed" })
            said.Add(await RecordAsync(node, receipt, id, "SM1"));
        Assert.Equal([true, false, true, false, true, false, false], said);
    }

    [Fact]
    public async Task A_receipt_changes_the_message_of_one_account_that_its_provider_knows_by_its_id()
    {
        await using var database = NewDatabase();
        await using var node = await StoreNode.CreateAsync(database);
        var id = await SendAsync(node, "SM1");
        Assert.False(await RecordAsync(node, "Failed", id, "SM2"));
        Assert.False(await RecordAsync(node, "Failed", $"{id}0", "SM1"));
        Assert.False(await RecordAsync(node, "Failed", id, "SM1", "bob"));
        Assert.Equal(DeliveryState.Sent, await DeliveryAsync(node));
        Assert.Equal([("twilio", "SM1", null)], await RowsAsync(node));
    }

    [Fact]
    public async Task A_receipt_that_is_faster_than_the_answer_to_its_request_counts_when_that_is_stored()
    {
        await using var database = NewDatabase();
        await using var node = await StoreNode.CreateAsync(database);
        var id = await IssueAsync(node);
        Assert.True(await RecordAsync(node, "Failed", id, "SM1"));
        Assert.Equal(DeliveryState.Queued, await DeliveryAsync(node));
        await FinishAsync(node, id, "SM1");
        Assert.Equal(DeliveryState.Failed, await DeliveryAsync(node));
    }

    [Fact]
    public async Task A_receipt_of_an_earlier_try_says_nothing_about_the_one_that_was_taken()
    {
        await using var database = NewDatabase();
        await using var node = await StoreNode.CreateAsync(database);
        var id = await IssueAsync(node);
        // The first try timed out, and had got through all the same.
        Assert.True(await RecordAsync(node, "Failed", id, "SM1"));
        await FinishAsync(node, id, "SM2");
        Assert.Equal(DeliveryState.Sent, await DeliveryAsync(node));
        Assert.Equal([("twilio", "SM2", null)], await RowsAsync(node));
        Assert.False(await RecordAsync(node, "Failed", id, "SM1"));
        Assert.True(await RecordAsync(node, "Failed", id, "SM2"));
        Assert.Equal(DeliveryState.Failed, await DeliveryAsync(node));
    }

    private protected abstract TestDatabase NewDatabase();

    static async Task<string> IssueAsync(StoreNode node)
    {
        var purpose = new Purpose(Operation.AddingKey, KeyType.PhoneNumber);
        await node.PutAsync("alice", new AccountProfile());
        Assert.NotNull((await node.Security.IssueAsync(new Caller("alice"), "alice", purpose, Sample.Number(TwilioServer.Number), Ct)).Value);
        return Assert.Single(await node.QueuedAsync()).Id;
    }

    static async Task<string> SendAsync(StoreNode node, string sid)
    {
        var id = await IssueAsync(node);
        await FinishAsync(node, id, sid);
        return id;
    }

    static Task FinishAsync(StoreNode node, string id, string sid) => node.Outbox.FinishAsync(
        "alice", id, SendResult.Accepted with { Provider = "twilio", ProviderId = sid }, node.Clock.Now);

    static Task<bool> RecordAsync(StoreNode node, string receipt, string id, string sid, string userId = "alice") =>
        node.Outbox.TryRecordAsync(Enum.Parse<Receipt>(receipt), userId, id, sid, Ct);

    static async Task<DeliveryState> DeliveryAsync(StoreNode node) =>
        Assert.Single((await node.Security.GetAsync(new Caller("alice"), "alice", Ct)).Value!.PendingOperations).Delivery;

    static Task<List<(string? Provider, string? Sid, string? Receipt)>> RowsAsync(StoreNode node) => node.ReadAsync(
        "SELECT provider, provider_id, receipt FROM outbox", reader =>
        {
            string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
            return (Text(0), Text(1), Text(2));
        });
}

public sealed class SqliteReceiptTests : ReceiptStoreTests
{
    private protected override TestDatabase NewDatabase() => new SqliteTestDatabase();
}

public sealed class PostgreSqlReceiptTests : ReceiptStoreTests
{
    private protected override TestDatabase NewDatabase() => PostgreSqlTestDatabase.New(null);
}
