using Countersign.Domain;

namespace Countersign;

/// <summary>A set of defaults.</summary>
public enum CountersignProfile
{
    /// <summary>The defaults of each setting.</summary>
    Default,

    /// <summary>
    /// What OWASP ASVS 5.0 (6.5.5, 7.5.1) and NIST SP 800-63B-4 ask for: tokens live 10 minutes at most and have 8 digits, and numbers are
    /// assigned; whoever asks for one has authenticated within 15 minutes. Outside Development limits, notices, holds and undoing cannot be switched off either. A
    /// setting that is laxer is an error.
    /// </summary>
    Strict,
}

/// <summary>Every setting, section <c>Countersign</c>. Checked when the process starts; see <see cref="CountersignOptionsValidator"/>.</summary>
public sealed class CountersignOptions
{
    public const string Section = "Countersign";

    /// <summary>
    /// Where others reach this server, such as https://accounts.example.com: what providers call back, and what links lead to. Absolute, https, or http
    /// on loopback; empty where nobody needs to. Never taken from a request.
    /// </summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>
    /// Addresses or networks (10.0.0.0/8) of proxies whose <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> are believed; none by default. Read by
    /// Countersign.Server; a host of your own sets up <c>UseForwardedHeaders</c> itself.
    /// </summary>
    public IList<string> TrustedProxies { get; } = [];

    /// <summary>
    /// Origins, such as https://app.example.com, whose pages may call the API of users from a browser (CORS): https, or http on loopback, up to 64 of them; none by default.
    /// The page of Countersign.Server's own origin needs none.
    /// </summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>Which defaults apply.</summary>
    public CountersignProfile Profile { get; set; }

    /// <summary>What can be switched off. Taken up without a restart.</summary>
    public FeatureOptions Features { get; set; } = new();

    public TokenOptions Tokens { get; set; } = new();

    public LimitOptions Limits { get; set; } = new();

    /// <summary>Which operations ask for a recent or a strong authentication: up to 16 entries. Taken up without a restart.</summary>
    public IList<StepUpOptions> StepUp { get; } = [];

    public HoldOptions Holds { get; set; } = new();

    public UndoOptions Undo { get; set; } = new();

    public AuditOptions Audit { get; set; } = new();

    public PhoneNumberOptions PhoneNumbers { get; set; } = new();

    public AccountOptions Accounts { get; set; } = new();

    public MessageOptions Messages { get; set; } = new();

    public DeliveryOptions Delivery { get; set; } = new();

    public ClockOptions Clock { get; set; } = new();

    public EventOptions Events { get; set; } = new();

    /// <summary>The secrets under every digest and seal. The first signs and seals, all of them verify and open. In Development they are made on first start.</summary>
    public IList<KeyOptions> Keys { get; } = [];

    bool IsStrict => Profile == CountersignProfile.Strict;

    internal TimeSpan DefaultLifetime => Tokens.Lifetime ?? (IsStrict ? TokenOptions.StrictLifetime : TokenOptions.DefaultLifetime);

    internal CodeFormat CodeFormat => Tokens.Code ?? (IsStrict ? CodeFormat.Digits8 : CodeFormat.Digits6);

    internal PhoneNumberAcceptance PhoneNumberAcceptance =>
        PhoneNumbers.Accept ?? (IsStrict ? PhoneNumberAcceptance.Assigned : PhoneNumberAcceptance.Shape);

    internal Rules ToRules() => new()
    {
        Mfa = Features.Mfa,
        AntiPhishing = Features.AntiPhishing,
        CodeFormat = CodeFormat,
        ResendAfterEmail = Limits.ResendAfter.Email,
        ResendAfterSms = Limits.ResendAfter.Sms,
        IssuesPerHour = Limits.IssuesPerHour,
        WrongTriesPerToken = Limits.WrongTriesPerToken,
        WrongTriesPerDay = Limits.WrongTriesPerDay,
        LockFor = Limits.LockForOrDefault,
        Lifetime = Lifetime,
        NoticeLifetime = Messages.NoticeLifetime,
        Limits = Limits.ToRules(),
        HoldFor = Holds.For,
        KeepReleasedFor = Accounts.KeepReleasedFor,
        NotifyRequests = Messages.NotifyRequests,
        // A link needs somewhere to lead to.
        UndoFor = PublicUrl.Length == 0 ? TimeSpan.Zero : Undo.Lifetime,
        FreezeFor = Undo.FreezeFor,
    };

    /// <summary>The most specific setting: for the operation on the channel, for the operation, for the channel, for all.</summary>
    TimeSpan Lifetime(Operation operation, KeyType channel) => Tokens.Lifetimes
        .Where(lifetime => lifetime.AppliesTo(operation, channel))
        .OrderByDescending(lifetime => (lifetime.Operation is null ? 0 : 2) + (lifetime.Channel is null ? 0 : 1))
        .Select(lifetime => lifetime.Lifetime)
        .FirstOrDefault(DefaultLifetime);
}

public sealed class FeatureOptions
{
    /// <summary>Enabling and disabling MFA, and the check of it before a key is changed or removed.</summary>
    public bool Mfa { get; set; } = true;

    /// <summary>The anti-phishing code.</summary>
    public bool AntiPhishing { get; set; } = true;
}

public sealed class TokenOptions
{
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromMinutes(30);
    public static readonly TimeSpan StrictLifetime = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan MinLifetime = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan MaxLifetime = TimeSpan.FromHours(24);

    /// <summary>How long a token can be redeemed: 1 second to 24 hours, in whole seconds. 30 minutes, or 10 in the profile Strict.</summary>
    public TimeSpan? Lifetime { get; set; }

    /// <summary>Exceptions from <see cref="Lifetime"/> for an operation, a channel or both.</summary>
    public IList<LifetimeOptions> Lifetimes { get; } = [];

    /// <summary>The form of the code: Digits6, or Digits8 in the profile Strict.</summary>
    public CodeFormat? Code { get; set; }
}

public sealed class LifetimeOptions
{
    /// <summary>The operation as the contract names it, such as userKeys/removing; null for all.</summary>
    public string? Operation { get; set; }

    /// <summary>EMAIL or PHONE_NUMBER; null for both.</summary>
    public string? Channel { get; set; }

    /// <summary>1 second to 24 hours, in whole seconds.</summary>
    public TimeSpan Lifetime { get; set; }

    internal bool AppliesTo(Operation operation, KeyType channel) =>
        (Operation is null || Operation == operation.Name()) && (Channel is null || Channel == channel.Name());
}

public sealed class LimitOptions
{
    static readonly TimeSpan[] DefaultLockFor = [TimeSpan.FromMinutes(15), TimeSpan.FromHours(1), TimeSpan.FromDays(1)];

    public ResendOptions ResendAfter { get; set; } = new();

    /// <summary>Tokens in an hour per account, operation and key type: 1 to 1,000,000.</summary>
    public int IssuesPerHour { get; set; } = 5;

    /// <summary>Wrong tries on a pending operation before its tokens end: 1 to 100.</summary>
    public int WrongTriesPerToken { get; set; } = 5;

    /// <summary>Wrong tries in 24 hours per account, operation and key type before they are locked: 1 to 10,000.</summary>
    public int WrongTriesPerDay { get; set; } = 10;

    /// <summary>How long the first lock lasts, the second, and so on; the last one repeats. 1 to 10 values of 1 second to 30 days.</summary>
    public IList<TimeSpan> LockFor { get; } = [];

    public RecipientOptions Recipient { get; set; } = new();

    public ClientOptions Client { get; set; } = new();

    public SmsLimitOptions Sms { get; set; } = new();

    /// <summary>Limits over all accounts (Recipient, Client and Sms) count and report, and refuse nothing: to find out what they would do.</summary>
    public bool DryRun { get; set; }

    internal LimitRules ToRules() => new()
    {
        EmailsPerTenMinutes = Recipient.Email.TenMinutes,
        EmailsPerDay = Recipient.Email.Day,
        SmsPerTenMinutes = Recipient.Sms.TenMinutes,
        SmsPerDay = Recipient.Sms.Day,
        ClientIssuesPerHour = Client.IssuesPerHour,
        ClientRedeemsPerFiveMinutes = Client.RedeemsPerFiveMinutes,
        SmsPerPrefixPerDay = Sms.PrefixDay,
        SmsPerCountryPerDay = Sms.CountryDay,
        AllSmsPerDay = Sms.Day,
        RedeemedShare = Sms.RedeemedPercent,
        RedeemedShareFrom = Sms.RedeemedPercentFrom,
        DryRun = DryRun,
    };

    /// <summary>A list with defaults would be appended to by the binder: empty means the defaults.</summary>
    internal IReadOnlyList<TimeSpan> LockForOrDefault => LockFor.Count == 0 ? DefaultLockFor : [.. LockFor];
}

public sealed class ResendOptions
{
    /// <summary>The pause between two mails of a purpose: 0 to 1 hour.</summary>
    public TimeSpan Email { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The pause between two SMS of a purpose: 0 to 1 hour.</summary>
    public TimeSpan Sms { get; set; } = TimeSpan.FromSeconds(60);
}

public sealed class RecipientOptions
{
    public RecipientLimitOptions Sms { get; set; } = new() { TenMinutes = 5, Day = 10 };

    public RecipientLimitOptions Email { get; set; } = new() { TenMinutes = 10, Day = 20 };
}

public sealed class RecipientLimitOptions
{
    /// <summary>Messages to one address over all accounts in 10 minutes: 0 (no limit) to 1,000,000.</summary>
    public int TenMinutes { get; set; }

    /// <summary>Messages to one address over all accounts in 24 hours: 0 (no limit) to 1,000,000.</summary>
    public int Day { get; set; }
}

public sealed class ClientOptions
{
    /// <summary>Tokens in an hour per IPv4 address or IPv6 /64: 0 (no limit) to 1,000,000.</summary>
    public int IssuesPerHour { get; set; } = 30;

    /// <summary>Redeeming requests in 5 minutes per IPv4 address or IPv6 /64: 0 (no limit) to 1,000,000.</summary>
    public int RedeemsPerFiveMinutes { get; set; } = 30;
}

/// <summary>Against SMS pumping: codes that are asked for numbers whose operator has a share in what an SMS costs.</summary>
public sealed class SmsLimitOptions
{
    /// <summary>Countries whose numbers are taken, as ISO 3166-1 alpha-2 codes such as DE; none for all. Numbers that accounts have already are served.</summary>
    public IList<string> Countries { get; } = [];

    /// <summary>SMS with a code in 24 hours to numbers that differ in their last three digits only: 0 (no limit) to 1,000,000.</summary>
    public int PrefixDay { get; set; } = 50;

    /// <summary>SMS with a code in 24 hours to the numbers of a country: 0 (no limit) to 10,000,000.</summary>
    public int CountryDay { get; set; } = 5_000;

    /// <summary>SMS with a code in 24 hours to all numbers: 0 (no limit) to 100,000,000.</summary>
    public int Day { get; set; } = 20_000;

    /// <summary>
    /// Per cent of the codes sent to a country within 24 hours, the last 10 minutes left out, that have to have been redeemed: 0 (never mind) to 100. Below,
    /// no code is sent there until it is above again.
    /// </summary>
    public int RedeemedPercent { get; set; } = 10;

    /// <summary>Codes from which on <see cref="RedeemedPercent"/> says something: 10 to 1,000,000.</summary>
    public int RedeemedPercentFrom { get; set; } = 100;

    internal bool Allows(string country) => Countries.Count == 0 || Countries.Contains(country, StringComparer.OrdinalIgnoreCase);
}

public sealed class PhoneNumberOptions
{
    /// <summary>Which numbers are taken: Shape, or Assigned in the profile Strict.</summary>
    public PhoneNumberAcceptance? Accept { get; set; }
}

public sealed class AccountOptions
{
    /// <summary>Whether an account that does not exist is created on its owner's first call, from the verified claims of the bearer.</summary>
    public bool ProvisionFromClaims { get; set; } = true;

    /// <summary>
    /// How long an address that its owner has removed or replaced cannot become the key of another account, except by the platform: 0 (not at all) to
    /// 365 days. Its last holder can take it back at any time.
    /// </summary>
    public TimeSpan KeepReleasedFor { get; set; } = TimeSpan.FromDays(30);
}

public sealed class MessageOptions
{
    /// <summary>What messages call the product: 1 to 40 characters.</summary>
    public string ProductName { get; set; } = "Countersign";

    /// <summary>
    /// The host name that the last line of an SMS binds its code to (<c>@host #code</c>), so that a browser offers it on that site only; empty
    /// for no such line.
    /// </summary>
    public string Host { get; set; } = "";

    /// <summary>
    /// A folder with templates of your own, from the content root or absolute; empty for those of the product. Read and checked when the process starts;
    /// docs/messages.md says what goes into it.
    /// </summary>
    public string TemplatesFolder { get; set; } = "";

    /// <summary>How long delivery of a notice is tried: 1 minute to 7 days.</summary>
    public TimeSpan NoticeLifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Whether the keys that get no code are told of each request for a change, and not only of what comes of it.</summary>
    public bool NotifyRequests { get; set; } = true;
}

public sealed class DeliveryOptions
{
    /// <summary>Messages that a process sends at once: 1 to 64.</summary>
    public int Workers { get; set; } = 8;

    /// <summary>
    /// How long a process that is stopped goes on sending what it holds in memory before it leaves the rest to others: 0 to 1 minute. Set in code, and
    /// not in the configuration, it needs a <c>HostOptions.ShutdownTimeout</c> that allows it.
    /// </summary>
    public TimeSpan DrainFor { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Tries before a message is given up: 1 to 10,000. A hundred take some six hours; a code expires long before.</summary>
    public int MaxAttempts { get; set; } = 100;

    public SmsPriceOptions SmsPrices { get; set; } = new();
}

public sealed class KeyOptions
{
    /// <summary>What rows refer to the key by: 1 to 32 ASCII letters, digits, dots, dashes or underscores.</summary>
    public string Id { get; set; } = "";

    /// <summary>Base64 of 32 random bytes.</summary>
    public string Value { get; set; } = "";
}
