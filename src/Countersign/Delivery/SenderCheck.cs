using Countersign.Domain;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery;

/// <summary>Stops the start where a channel has no sender, or where the development inbox would take real codes.</summary>
sealed class SenderCheck(IEnumerable<IMessageSender> senders, IHostEnvironment environment) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var errors = Enum.GetValues<KeyType>().Select(Error).OfType<string>().ToList();
        return errors.Count == 0
            ? Task.CompletedTask
            : throw new OptionsValidationException(CountersignOptions.Section, typeof(CountersignOptions), errors);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    string? Error(KeyType channel)
    {
        var section = $"{CountersignOptions.Section}:{(channel == KeyType.Email ? "Email" : "Sms")}";
        return senders.FirstOrDefault(sender => sender.Channel == channel) switch
        {
            null => $"{section} is missing: nothing sends messages on the channel {channel.Name()}. Configure a sender, or start in Development, "
                + "where the development inbox takes them.",
            DevelopmentInboxSender when !environment.IsDevelopment() =>
                $"{section} is missing: the development inbox takes messages in Development only, and this is {environment.EnvironmentName}.",
            _ => null,
        };
    }
}
