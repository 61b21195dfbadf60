namespace Countersign.Delivery;

/// <summary>What a provider says of a message after it has taken it.</summary>
enum Receipt
{
    /// <summary>Handed on to the recipient's network.</summary>
    Sent,

    /// <summary>The recipient has it.</summary>
    Delivered,

    /// <summary>The recipient will not get it.</summary>
    Failed,
}

static class Receipts
{
    /// <summary>As it is stored.</summary>
    public static string Name(this Receipt receipt) => receipt switch
    {
        Receipt.Sent => "SENT",
        Receipt.Delivered => "DELIVERED",
        Receipt.Failed => "FAILED",
    };
}
