using System.Reflection;
using System.Security.Cryptography;

namespace Countersign.Server;

/// <summary>What the program does other than serve.</summary>
static class Commands
{
    const int KeySize = 32;

    const string Help =
        """
        Countersign guards changes to the security settings of accounts with one-time tokens.

        Usage:
          Countersign.Server [--urls http://localhost:5000] [--Section:Setting value ...]
          Countersign.Server keys new      print a new secret key for Countersign:Keys
          Countersign.Server migrate       bring the schema of the database up to date, and end
          Countersign.Server migrate --check    say whether it is: exit code 0 if so, 1 if not
          Countersign.Server audit verify [--user ID]
                                           say whether the audit trails are as they were written: exit code 0 if so, 1 if not
          Countersign.Server audit export [--user ID] [--since 2026-11-01T00:00:00Z]
                                           print their events, a line of JSON each, in the OWASP Logging Vocabulary
          Countersign.Server templates preview [--out DIR]
                                           write every message in every language to HTML files, by default below preview/
          Countersign.Server --help
          Countersign.Server --version

        Settings come from appsettings.json, environment variables (Section__Setting) and the command line; the most used are:
          ConnectionStrings:Sqlite         Data Source=data/countersign.db
          ConnectionStrings:PostgreSql     Host=db;Username=countersign;Password=...;Database=countersign (then SQLite is not used)
          Countersign:Keys:0:Id, :Value    the secret under every token (made by itself in Development)
          Authentication:Schemes:Bearer    whose bearer tokens are taken: Authority, ValidAudiences, ...
          ASPNETCORE_ENVIRONMENT           Development for the development inbox; Production by default
        """;

    /// <summary>The exit code, or null where the server is to start.</summary>
    public static int? Run(string[] args, TextWriter output, TextWriter error)
    {
        switch (args)
        {
            case ["--help" or "-h" or "help", ..]:
            case ["keys" or "migrate" or "audit" or "templates", .., "--help" or "-h"]:
                output.WriteLine(Help);
                return 0;
            case ["--version"]:
                output.WriteLine(Version);
                return 0;
            case ["keys", "new"]:
                output.WriteLine(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeySize)));
                error.WriteLine("This is a secret: set it as Countersign:Keys:0:Value, with an id of your choice as Countersign:Keys:0:Id.");
                return 0;
            case ["migrate" or "audit" or "templates", ..]:
                return null;
            case [var command, ..] when !command.StartsWith('-') && !command.Contains('=', StringComparison.Ordinal):
                error.WriteLine($"There is no command '{string.Join(' ', args)}'. See Countersign.Server --help.");
                return 2;
            default:
                if (Arguments.FindUnknown(args) is not { } unknown)
                    return null;
                error.WriteLine($"'{unknown}' is no setting, or has no value. See Countersign.Server --help.");
                return 2;
        }
    }

    public static string Version =>
        typeof(Commands).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";
}
