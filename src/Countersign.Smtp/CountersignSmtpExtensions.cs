using Countersign.Smtp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Countersign;

public static class CountersignSmtpExtensions
{
    /// <summary>
    /// Sends mail by an SMTP server, as the section <c>Countersign:Email:Smtp</c> says. A setting that is bad or unknown stops the start.
    /// </summary>
    public static CountersignBuilder AddSmtp(this CountersignBuilder builder) => builder.AddSmtp(_ => { });

    /// <summary>The same, with settings that go over those of the section.</summary>
    public static CountersignBuilder AddSmtp(this CountersignBuilder builder, Action<SmtpOptions> configure)
    {
        builder.Services.AddSingleton<IValidateOptions<SmtpOptions>, SmtpOptionsValidator>();
        builder.AddSenderOptions<SmtpOptions>(SmtpOptions.Section).Configure(configure);
        builder.Services.AddSingleton<SmtpPool>();
        return builder.AddSender<SmtpSender>();
    }
}
