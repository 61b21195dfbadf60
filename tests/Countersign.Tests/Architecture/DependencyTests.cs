using System.Reflection;
using System.Security.Cryptography;
using Countersign.Domain;
using Countersign.PostgreSql;
using Countersign.Sqlite;
using Countersign.Stores;

namespace Countersign.Tests.Architecture;

public sealed class DependencyTests
{
    static readonly Assembly Library = typeof(AccountSecurity).Assembly;
    static readonly Assembly Sqlite = typeof(SqliteEngine).Assembly;
    static readonly Assembly PostgreSql = typeof(PostgreSqlEngine).Assembly;
    static readonly Assembly Smtp = typeof(Countersign.Smtp.SmtpSender).Assembly;
    static readonly Assembly Program = typeof(Countersign.Server.Program).Assembly;

    /// <summary>What the root of the library holds beside the shell: which of it stands above the HTTP layer, and which is the shell.</summary>
    static readonly string[] Wiring = ["CountersignEndpoints", "CountersignServiceCollectionExtensions"];
    static readonly string[] Shell = ["AccountSecurity", "AccountView", "PendingOperationView", "PutAccount", "UserKeyView"];

    [Fact]
    public void Dependencies_point_to_the_domain_and_never_away_from_it()
    {
        var wrong = from type in Dependencies.Declared(Library)
                    from used in Dependencies.TypesOf(type)
                    where used.Assembly == Library && Layer(used) > Layer(type)
                    select $"{type.FullName} uses {used.FullName}";

        None(wrong);
    }

    [Fact]
    public void The_domain_knows_no_framework_and_no_I_O()
    {
        string[] allowed =
        [
            "System", "System.Buffers", "System.Buffers.Binary", "System.Buffers.Text", "System.Collections", "System.Collections.Generic", "System.Collections.Immutable",
            "System.Diagnostics.CodeAnalysis", "System.Globalization", "System.Linq", "System.Numerics", "System.Runtime.CompilerServices",
            "System.Runtime.InteropServices", "System.Runtime.Serialization", "System.Security.Cryptography", "System.Text", "System.Text.RegularExpressions", "PhoneNumbers", "Countersign.Domain",
        ];
        var wrong = from type in Dependencies.Declared(Library)
                    where type.Namespace == "Countersign.Domain"
                    from used in Dependencies.TypesOf(type)
                    where used.Namespace is not null && !allowed.Contains(used.Namespace) && !used.Namespace.EndsWith(".Generated", StringComparison.Ordinal)
                    select $"{type.FullName} uses {used.FullName}";

        None(wrong);
    }

    [Fact]
    public void The_domain_awaits_nothing()
    {
        var wrong = from type in Dependencies.Declared(Library)
                    where type.Namespace == "Countersign.Domain"
                    from used in Dependencies.TypesOf(type)
                    where used.Namespace == "System.Threading.Tasks" || used.Name.StartsWith("AsyncTaskMethodBuilder", StringComparison.Ordinal)
                    select $"{type.FullName} uses {used.FullName}";

        None(wrong);
    }

    [Fact]
    public void A_database_engine_knows_the_seam_of_the_store_and_nothing_else_of_the_library()
    {
        string[] seam = ["ISqlEngine", "SqlStatement", "Migration", "StoreUnavailableException", "SchemaTooNewException", "CountersignBuilder", "CountersignServiceCollectionExtensions"];
        var wrong = from type in Dependencies.Declared(Sqlite).Concat(Dependencies.Declared(PostgreSql))
                    from used in Dependencies.TypesOf(type)
                    where used.Assembly == Library && !seam.Contains(used.Name)
                    select $"{type.FullName} uses {used.FullName}";

        None(wrong);
    }

    [Fact]
    public void The_mail_sender_knows_the_seam_of_delivery_and_nothing_else_of_the_library()
    {
        string[] seam =
        [
            "IMessageSender", "OutgoingMessage", "SendResult", "SendStatus", "KeyType", "Address", "EmailAddress", "CountersignBuilder",
            "CountersignServiceCollectionExtensions",
        ];
        var wrong = from type in Dependencies.Declared(Smtp)
                    from used in Dependencies.TypesOf(type)
                    where used.Assembly == Library && !seam.Contains(used.Name)
                    select $"{type.FullName} uses {used.FullName}";

        None(wrong);
    }

    [Fact]
    public void Time_comes_from_a_time_provider()
    {
        string[] clocks = ["get_Now", "get_UtcNow", "get_Today"];
        var wrong = from type in All
                    from used in Dependencies.Of(type).OfType<MethodInfo>()
                    where (used.DeclaringType == typeof(DateTime) || used.DeclaringType == typeof(DateTimeOffset)) && clocks.Contains(used.Name)
                    select $"{type.FullName} uses {used.DeclaringType!.Name}.{used.Name}";

        None(wrong);
    }

    [Fact]
    [Trait("ASVS", "6.5.3")]
    public void Randomness_comes_from_TokenCodes()
    {
        var wrong = from type in All
                    from used in Dependencies.Of(type)
                    where IsRandom(used) && !(used == typeof(RandomNumberGenerator) && MayDraw(type))
                    select $"{type.FullName} uses {used.DeclaringType?.Name}.{used.Name}";

        None(wrong);
    }

    [Fact]
    public void Only_what_an_embedder_needs_is_public_beyond_the_root_and_the_domain()
    {
        string[] needed =
        [
            "Countersign.Delivery.IMessageSender", "Countersign.Delivery.InboxMessage", "Countersign.Delivery.OutgoingMessage",
            "Countersign.Delivery.SendResult", "Countersign.Delivery.SendStatus",
            "Countersign.Delivery.Sms.SmsWebhookOptions", "Countersign.Delivery.Sms.TwilioOptions",
            "Countersign.Http.QueryParameterMetadata", "Countersign.Http.RequestBodyMetadata",
            "Countersign.Stores.AuditEvent", "Countersign.Stores.ISqlEngine", "Countersign.Stores.Migration", "Countersign.Stores.SchemaTooNewException",
            "Countersign.Stores.SqlStatement", "Countersign.Stores.StoreUnavailableException",
        ];
        var isPublic = Library.GetExportedTypes()
            .Where(type => !type.IsNested && type.Namespace is not ("Countersign" or "Countersign.Domain"))
            .Select(type => type.FullName!);

        Assert.Equal(needed, isPublic.Order(StringComparer.Ordinal));
        Assert.Equal(["Countersign.CountersignSqliteExtensions"], Sqlite.GetExportedTypes().Select(type => type.FullName));
        Assert.Equal(["Countersign.CountersignPostgreSqlExtensions"], PostgreSql.GetExportedTypes().Select(type => type.FullName));
        Assert.Equal(
            ["Countersign.CountersignSmtpExtensions", "Countersign.SmtpDkimOptions", "Countersign.SmtpOptions", "Countersign.SmtpSecurity"],
            Smtp.GetExportedTypes().Select(type => type.FullName).Order(StringComparer.Ordinal));
        // The compiler makes Razor components public, and what they import; nothing else is.
        Assert.DoesNotContain(
            Program.GetExportedTypes(), type => !typeof(Microsoft.AspNetCore.Components.ComponentBase).IsAssignableFrom(type) && type.Name != "_Imports");
    }

    [Fact]
    public void Dependencies_in_the_bodies_of_methods_are_seen()
    {
        // Awaited in the state machine of an async method.
        Assert.Contains(typeof(IAccountStore).GetMethod(nameof(IAccountStore.TryCommitAsync))!, Dependencies.Of(typeof(AccountSecurity)));
        // Caught.
        Assert.Contains(typeof(StoreUnavailableException), Dependencies.TypesOf(typeof(Countersign.Http.StoreFilter)));
        // Within a lambda.
        Assert.Contains(typeof(AccountView), Dependencies.TypesOf(typeof(AccountSecurity)));
        // A static property.
        Assert.Contains(typeof(TimeProvider).GetProperty(nameof(TimeProvider.System))!.GetMethod!, Dependencies.Of(typeof(CountersignServiceCollectionExtensions)));
    }

    static IEnumerable<Type> All => new[] { Library, Sqlite, PostgreSql, Smtp, Program }.SelectMany(Dependencies.Declared);

    static bool IsRandom(MemberInfo used) =>
        used == typeof(Random) || used == typeof(RandomNumberGenerator) || (used.DeclaringType == typeof(Guid) && used.Name == nameof(Guid.NewGuid));

    /// <summary>The domain draws in one place; the command that prints a new key for an operator serves no request.</summary>
    static bool MayDraw(Type type) => type == typeof(TokenCodes) || type == typeof(Countersign.Server.Commands);

    static void None(IEnumerable<string> wrong)
    {
        var lines = string.Join('\n', wrong);
        Assert.True(lines.Length == 0, lines);
    }

    /// <summary>Domain, then stores and delivery with what they share, then the shell, then HTTP and support, then what ties them together.</summary>
    static int Layer(Type type) => type.Namespace switch
    {
        "Countersign.Domain" => 0,
        "Countersign.Stores" or "Countersign.Delivery" or "Countersign.Delivery.Sms" or "Countersign.Delivery.Events" => 1,
        "Countersign.Http" or "Countersign.Support" => 3,
        "Countersign" when Wiring.Contains(type.Name) => 4,
        "Countersign" when Shell.Contains(type.Name) => 2,
        "Countersign" => 1,
        _ => 0,
    };
}
