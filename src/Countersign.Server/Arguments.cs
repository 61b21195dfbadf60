namespace Countersign.Server;

/// <summary>Settings on the command line: one that is misspelt would be one that does not hold.</summary>
static class Arguments
{
    /// <summary>Sections and settings at the top that something reads. Below Countersign, the library looks by itself.</summary>
    static readonly string[] Known =
    [
        "AllowedHosts", "Authentication", "ConnectionStrings", "Countersign", "Kestrel", "Logging",
        "applicationName", "contentRoot", "environment", "http_ports", "https_ports", "shutdownTimeoutSeconds", "urls", "webRoot",
    ];

    /// <summary>The first argument that is no setting, as <c>--Section:Setting value</c> or <c>Section:Setting=value</c>; null where all are.</summary>
    public static string? FindUnknown(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            var hasValue = args[i].Contains('=', StringComparison.Ordinal);
            var isSetting = IsKnown(args[i]) && (hasValue || (args[i].StartsWith('-') && i + 1 < args.Length));
            if (!isSetting)
                return args[i];
            if (!hasValue)
                i++;
        }

        return null;
    }

    /// <summary>Whether the option at <paramref name="index"/> is followed by something that is none itself.</summary>
    public static bool HasValue(string[] args, int index) =>
        index + 1 < args.Length && !args[index + 1].StartsWith("--", StringComparison.Ordinal);

    static bool IsKnown(string arg) => Known.Contains(arg.TrimStart('-', '/').Split(':', '=')[0], StringComparer.OrdinalIgnoreCase);
}
