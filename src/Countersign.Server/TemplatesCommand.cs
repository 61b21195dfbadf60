using Countersign.Delivery;
using Countersign.Domain;
using Microsoft.Extensions.Options;

namespace Countersign.Server;

/// <summary>
/// <c>templates preview</c> writes every message in every language to HTML files, from the same folder of templates and with the same checks as a start. It
/// opens no database and makes no key.
/// </summary>
static class TemplatesCommand
{
    const string Name = "templates";
    const string Preview = "preview";
    const string Out = "--out";
    const string DefaultOut = "preview";

    const string Usage = "templates is followed by preview [--out DIR], and settings. See Countersign.Server --help.";

    public static bool IsIn(string[] args) => args is [Name, ..];

    /// <summary>0 where all was written, 2 where the arguments are wrong.</summary>
    /// <exception cref="OptionsValidationException">Where the server would not start with these templates.</exception>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        if (args is not [Name, Preview, ..])
        {
            await error.WriteLineAsync(Usage);
            return 2;
        }

        var (settings, folder) = (args[2..].ToList(), DefaultOut);
        if (settings.IndexOf(Out) is var at && at >= 0)
        {
            if (!Arguments.HasValue(args[2..], at))
            {
                await error.WriteLineAsync($"{Out} has no value. {Usage}");
                return 2;
            }

            folder = settings[at + 1];
            settings.RemoveRange(at, 2);
        }

        if (Arguments.FindUnknown([.. settings]) is { } unknown)
        {
            await error.WriteLineAsync($"templates preview does not know '{unknown}'. {Usage}");
            return 2;
        }

        await using var app = Build([.. settings]);
        var options = app.Services.GetRequiredService<IOptions<CountersignOptions>>().Value;
        // The templates are checked when these are made.
        _ = app.Services.GetRequiredService<IOptions<TemplateOptions>>().Value;
        var count = new TemplatePreview(app.Services.GetRequiredService<Templates>(), options).Write(Path.GetFullPath(folder));
        await output.WriteLineAsync($"{count} messages are in {Path.Combine(folder, TemplatePreview.Index)}: open it in a browser.");
        return 0;
    }

    /// <summary>The settings alone, of a process that never starts.</summary>
    static WebApplication Build(string[] settings)
    {
        var builder = WebApplication.CreateBuilder(settings);
        builder.AddShippedSettings();
        builder.Configuration.CheckLogLevels();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddCountersign();
        // Development would want the store and the senders that there are none of here.
        builder.Host.UseDefaultServiceProvider(services => services.ValidateOnBuild = false);
        // Nothing is signed or sealed here: whatever keys there are, and whether there are any, is of no account.
        builder.Services.PostConfigure<CountersignOptions>(options =>
        {
            options.Keys.Clear();
            options.Keys.Add(new KeyOptions { Id = Preview, Value = Convert.ToBase64String(new byte[TokenKey.Size]) });
        });
        return builder.Build();
    }
}
