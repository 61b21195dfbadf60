using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Server;

/// <summary>What a canary is: a secret may stand nowhere at all, an address in the tables that are for it.</summary>
enum CanaryKind
{
    Code,
    UndoToken,
    Bearer,
    IdempotencyKey,
    AntiPhishingCode,
    Address,
}

/// <summary>
/// Values that occur nowhere else, for a walk through everything that a server answers (<see cref="CanaryTour"/>), and a search for them where they must
/// not be. Codes are base-32, because six digits are found in any heap of numbers.
/// </summary>
sealed class Canaries
{
    readonly string mark = Guid.NewGuid().ToString("N")[..12];
    readonly ConcurrentDictionary<string, CanaryKind> forms = [];
    SearchValues<string>? anyForm;

    public Canaries()
    {
        Number = Keep(CanaryKind.Address, $"+43660{Random.Shared.NextInt64(1_000_000, 9_999_999)}");
        Keep(CanaryKind.Address, Number[1..]);
        AntiPhishingCode = Keep(CanaryKind.AntiPhishingCode, $"Bird{mark}");
        Email = NewEmail("canary");
        OtherEmail = NewEmail("other");
    }

    public static string[] Settings { get; } =
    [
        "Countersign:Tokens:Code=Base32", "Countersign:PublicUrl=https://accounts.example.com", "Countersign:Messages:NotifyRequests=true",
        "Countersign:Limits:Sms:Countries:0=AT", $"Countersign:Limits:Sms:PrefixDay={CanaryTour.SmsToABlock}",
        $"Countersign:Limits:Recipient:Email:TenMinutes={CanaryTour.MailsToAnAddress}", "Countersign:StepUp:0:Operation=antiPhishing/changing",
        "Countersign:StepUp:0:AcrValues:0=urn:example:gold",
    ];

    public string Email { get; }

    public string OtherEmail { get; }

    public string Number { get; }

    public string AntiPhishingCode { get; }

    /// <summary>A server whose senders quote what they fail to send.</summary>
    public static Task<TestServer> StartServerAsync(string[] settings, Action<WebApplicationBuilder>? configure = null) =>
        TestServer.StartAsync(new TestServer.Setup
        {
            Settings = [.. Settings, .. settings],
            Configure = builder =>
            {
                foreach (var channel in Enum.GetValues<KeyType>())
                {
                    builder.Services.AddSingleton<IMessageSender>(new QuotingSender(channel));
                    builder.Services.AddSingleton<IMessageSender>(provider => new ReserveSender(channel, provider.GetRequiredService<DevelopmentInbox>()));
                }

                configure?.Invoke(builder);
            },
        });

    public Task TourAsync(TestServer server) => new CanaryTour(this, server).RunAsync();

    public string NewEmail(string name) => Keep(CanaryKind.Address, $"{name}.{mark}@example.com");

    public string NewIdempotencyKey(string name) => Keep(CanaryKind.IdempotencyKey, $"idem-{name}-{mark}");

    /// <summary>In every form in which it might be found: as it is, as in a URL, in JSON and HTML, and as bytes that are shown as text.</summary>
    public string Keep(CanaryKind kind, string secret)
    {
        Add(secret);
        if (kind == CanaryKind.Code && secret.Contains('-', StringComparison.Ordinal))
            Add(secret.Replace("-", "", StringComparison.Ordinal));
        // The parts of a bearer that are not the same in everybody's.
        if (kind == CanaryKind.Bearer)
        {
            foreach (var part in secret.Split('.')[1..])
                Add(part);
        }

        return secret;

        void Add(string text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            string[] all =
            [
                text, Uri.EscapeDataString(text), text.Replace("+", "\\u002B", StringComparison.Ordinal), text.Replace("+", "&#x2B;", StringComparison.Ordinal),
                Convert.ToHexStringLower(bytes), Convert.ToBase64String(bytes),
            ];
            foreach (var form in all)
                forms[form] = kind;
            anyForm = null;
        }
    }

    /// <summary>Which canaries stand in a text, and where; bearers and query strings of whomever among them.</summary>
    public IEnumerable<string> FindIn(string where, string? text) => FindIn(where, text, _ => true)
        // How every JWT begins: {"alg":
        .Concat(new[] { "eyJhbGciOi", "newEmail=", "newPhoneNumber=", "access_token=" }
            .Select(part => Around(text ?? "", part) is { } found ? $"{part} in {where}: {found}" : null).OfType<string>());

    public IEnumerable<string> FindIn(string where, string? text, Func<CanaryKind, bool> isSought)
    {
        anyForm ??= SearchValues.Create([.. forms.Keys], StringComparison.OrdinalIgnoreCase);
        if (string.IsNullOrEmpty(text) || !text.AsSpan().ContainsAny(anyForm))
            yield break;
        foreach (var (form, kind) in forms.Where(form => isSought(form.Value)))
        {
            if (Around(text, form) is { } found)
                yield return $"{kind} in {where}: {found}";
        }
    }

    /// <summary>What may stand nowhere, a database included.</summary>
    public static bool IsSecret(CanaryKind kind) => kind != CanaryKind.Address;

    static string? Around(string text, string part)
    {
        var at = text.IndexOf(part, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : text[Math.Max(0, at - 200)..Math.Min(text.Length, at + part.Length + 100)];
    }
}
