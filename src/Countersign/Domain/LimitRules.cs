namespace Countersign.Domain;

/// <summary>What a request asks of the limits that hold over all accounts.</summary>
enum Demand
{
    None,

    /// <summary>A token is to be issued.</summary>
    Issue,

    /// <summary>A token is to be redeemed.</summary>
    Redeem,

    /// <summary>The second step of a change: one is redeemed and one is issued.</summary>
    Both,
}

/// <summary>What the options say about limits over all accounts. A quota of 0 is none.</summary>
sealed record LimitRules
{
    static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);
    static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>Digits at the end of a number that its neighbours differ in: a block of a thousand is the least that carriers hand out.</summary>
    const int BlockDigits = 3;

    /// <summary>Codes that have not been there for so long may still be typed.</summary>
    static readonly TimeSpan TypedWithin = TimeSpan.FromMinutes(10);

    public int EmailsPerTenMinutes { get; init; }
    public int EmailsPerDay { get; init; }
    public int SmsPerTenMinutes { get; init; }
    public int SmsPerDay { get; init; }
    public int ClientIssuesPerHour { get; init; }
    public int ClientRedeemsPerFiveMinutes { get; init; }
    public int SmsPerPrefixPerDay { get; init; }
    public int SmsPerCountryPerDay { get; init; }
    public int AllSmsPerDay { get; init; }

    /// <summary>Per cent of the codes by SMS to a country, of those that have had time, that have to be redeemed.</summary>
    public int RedeemedShare { get; init; }

    /// <summary>So many codes have to have had time before <see cref="RedeemedShare"/> says anything.</summary>
    public int RedeemedShareFrom { get; init; }

    /// <summary>Limits count and report, and refuse nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>The limits that a decided request meets. In one order, so that no two commits wait for each other.</summary>
    public IReadOnlyList<Limit> For(Demand demand, string? client, Change? change, bool isDone)
    {
        var limits = new List<Limit>();
        if (demand is Demand.Redeem or Demand.Both && client is not null)
            Add(limits, LimitScope.ClientRedeems, client, new Quota(ClientRedeemsPerFiveMinutes, TimeSpan.FromMinutes(5)));
        if (demand is Demand.Issue or Demand.Both && isDone)
        {
            if (client is not null)
                Add(limits, LimitScope.ClientIssues, client, new Quota(ClientIssuesPerHour, TimeSpan.FromHours(1)));
            if (change?.Messages.Find(IsLimited)?.To is { } recipient)
                limits.AddRange(ForRecipient(recipient));
        }

        if (demand == Demand.Redeem && isDone && change?.Redeemed is PhoneNumber number && RedeemedShare > 0)
            limits.Add(new Limit(LimitScope.SmsCountryRedeemed, number.Region, []));
        limits.Sort(static (one, other) => one.Scope != other.Scope ? one.Scope.CompareTo(other.Scope) : string.CompareOrdinal(one.Subject, other.Subject));
        return limits;
    }

    /// <summary>What another person can cause at an address. A notice of what was done to an account is never left out.</summary>
    public static bool IsLimited(Message message) => message.Kind is MessageKind.Code or MessageKind.AddressInUse or MessageKind.AddressKept;

    /// <summary>Whether so few codes to a country are redeemed that somebody else than its people must be asking for them.</summary>
    public bool IsPumped(SlidingWindow sent, SlidingWindow redeemed, DateTimeOffset now)
    {
        var due = sent.Count(now, Day) - sent.Count(now, TypedWithin);
        return RedeemedShare > 0 && due >= RedeemedShareFrom && redeemed.Count(now, Day) * 100L < due * (long)RedeemedShare;
    }

    List<Limit> ForRecipient(Address recipient)
    {
        var limits = new List<Limit>();
        if (recipient is not PhoneNumber number)
        {
            Add(limits, LimitScope.Recipient, recipient.Canonical, new Quota(EmailsPerTenMinutes, TenMinutes), new Quota(EmailsPerDay, Day));
            return limits;
        }

        Add(limits, LimitScope.Recipient, number.Canonical, new Quota(SmsPerTenMinutes, TenMinutes), new Quota(SmsPerDay, Day));
        Add(limits, LimitScope.SmsPrefix, number.Value[..^BlockDigits], new Quota(SmsPerPrefixPerDay, Day));
        Add(limits, LimitScope.Sms, "", new Quota(AllSmsPerDay, Day));
        if (SmsPerCountryPerDay > 0 || RedeemedShare > 0)
            limits.Add(new Limit(LimitScope.SmsCountry, number.Region, SmsPerCountryPerDay > 0 ? [new Quota(SmsPerCountryPerDay, Day)] : []));
        if (RedeemedShare > 0)
            limits.Add(new Limit(LimitScope.SmsCountryRedeemed, number.Region, []));
        return limits;
    }

    static void Add(List<Limit> limits, LimitScope scope, string subject, params IEnumerable<Quota> quotas)
    {
        Quota[] set = [.. quotas.Where(quota => quota.Allowed > 0)];
        if (set.Length > 0)
            limits.Add(new Limit(scope, subject, set));
    }
}
