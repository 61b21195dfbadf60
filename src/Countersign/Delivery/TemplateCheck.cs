using System.Net;
using System.Text.RegularExpressions;
using Countersign.Domain;
using DotLiquid.Exceptions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery;

/// <summary>What the start depends on of templates: that they can be read, and that their messages can be sent.</summary>
sealed class TemplateOptions;

/// <summary>
/// Stops the start where a template of one's own cannot be used, rather than find out by the first message. Every message is rendered once in every language.
/// </summary>
sealed partial class TemplateCheck(IServiceProvider provider, ILogger<TemplateCheck> log) : IValidateOptions<TemplateOptions>
{
    /// <summary>Segments that a notice may take: with a link to undo it, and an address, it is a long one.</summary>
    const int MaxNoticeSegments = 8;

    public static TemplateSet Load(IServiceProvider provider)
    {
        var folder = provider.GetRequiredService<IOptions<CountersignOptions>>().Value.Messages.TemplatesFolder;
        var root = provider.GetRequiredService<IHostEnvironment>().ContentRootPath;
        return TemplateSet.Load(folder.Length == 0 ? null : Path.GetFullPath(folder, root));
    }

    public ValidateOptionsResult Validate(string? name, TemplateOptions options)
    {
        CountersignOptions settings;
        try
        {
            settings = provider.GetRequiredService<IOptions<CountersignOptions>>().Value;
        }
        catch (OptionsValidationException)
        {
            // Said by the validators of those settings, which the start asks as well.
            return ValidateOptionsResult.Skip;
        }

        // The product's own are checked by its tests.
        if (settings.Messages.TemplatesFolder.Length == 0)
            return ValidateOptionsResult.Success;

        var set = provider.GetRequiredService<TemplateSet>();
        if (set.Errors.Count > 0)
            return ValidateOptionsResult.Fail(set.Errors);

        var templates = new Templates(settings, set);
        var errors = set.Languages.SelectMany(language => Check(templates, language, settings)).Distinct().ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    List<string> Check(Templates templates, Language language, CountersignOptions settings)
    {
        var errors = new List<string>();
        foreach (var sample in MessageSample.Of(language.Tag, settings.CodeFormat))
        {
            try
            {
                var message = templates.Render(sample.Message);
                errors.AddRange(Check(message, sample, language, settings));
                if (message.Subject is null)
                    Warn(message, sample, language, settings);
            }
            catch (LiquidException e)
            {
                errors.Add(TemplateFiles.Error(language.Tag, $"cannot say '{sample.Name}': {e.Message.TrimEnd('.')}."));
            }
        }

        return errors;
    }

    static IEnumerable<string> Check(OutgoingMessage message, MessageSample sample, Language language, CountersignOptions settings)
    {
        var content = sample.Message.Content;
        var family = content.Kind == MessageKind.Code ? "code" : "notice";
        (string Part, string? Text)[] parts = content.Channel == KeyType.PhoneNumber
            ? [($"{family}.sms", message.Text)]
            : [($"{family}.subject", message.Subject), ($"{family}.text", message.Text), ($"{family}.html", message.Html)];
        foreach (var (part, text) in parts)
        {
            var file = language[part].File;
            if (string.IsNullOrWhiteSpace(text))
                yield return TemplateFiles.Error(file.Name, $"says nothing of '{sample.Name}' in '{language.Tag}'.");
            else if (part == $"{family}.subject" && text.Contains('\n', StringComparison.Ordinal))
                yield return TemplateFiles.Error(file.Name, "has more than one line. A subject is one line.");
            else if (part == $"{family}.subject" && content.Code is { } code && text.Contains(code, StringComparison.Ordinal))
                yield return TemplateFiles.Error(file.Name, "shows the code, which lists of mails and locked screens would then show as well. Take {{ code }} out.");
            if (content.Code is null || text is null || part == $"{family}.subject")
                continue;

            if (!text.Contains(content.Code, StringComparison.Ordinal))
                yield return TemplateFiles.Error(file.Name, "does not show the code whole. Put {{ code }} into it, and into layout.html {{ body }}.");
            foreach (var link in Links(text).Where(link => link != settings.PublicUrl || link.Length == 0))
                yield return TemplateFiles.Error(Culprit(language, part, link).Name, $"has the link '{link}' in a message with a code. The only one there is {{{{ public_url }}}}: take it out.");
        }
    }

    /// <summary>Where it stands as it is; else it is put together in the part itself.</summary>
    static TemplateFile Culprit(Language language, string part, string link) =>
        language.Parts.Values.Select(template => template.File)
            .FirstOrDefault(file => file.IsOwn && link.Length > 0 && file.Text.Contains(link, StringComparison.Ordinal)) ?? language[part].File;

    static IEnumerable<string> Links(string text) =>
        Link().Matches(text).Select(match => WebUtility.HtmlDecode(match.Groups["to"].Value)).Distinct();

    /// <summary>A code in one segment where it can be: in two where 70 characters have to hold a host name as well.</summary>
    void Warn(OutgoingMessage message, MessageSample sample, Language language, CountersignOptions settings)
    {
        var segments = SmsSegments.Of(message.Text);
        var isCode = sample.Message.Content.Kind == MessageKind.Code;
        var limit = !isCode ? MaxNoticeSegments : segments.IsGsm7 || settings.Messages.Host.Length == 0 ? 1 : 2;
        if (segments.Count > limit)
            LogLong(language[isCode ? "code.sms" : "notice.sms"].File.Name, sample.Name, language.Tag, segments.Count, segments.Length, segments.Encoding, limit);
    }

    [GeneratedRegex("""\b(?:href|src|srcset|action|background|poster)\s*=\s*(?:"(?<to>[^"]*)"|'(?<to>[^']*)'|(?<to>[^\s>"']+))|url\(\s*["']?(?<to>[^)"']*)|(?<to>\b[a-z][a-z0-9+.-]*://[^\s"'<>]*)|(?<![@/\w.])(?<to>www\.[^\s"'<>]*)""", RegexOptions.IgnoreCase)]
    private static partial Regex Link();

    [LoggerMessage(LogLevel.Warning, "The SMS of {Template} is long: '{Message}' in '{Language}' takes {Segments} segments ({Length} in {Encoding}); {Limit} are meant.")]
    partial void LogLong(string template, string message, string language, int segments, int length, string encoding, int limit);
}
