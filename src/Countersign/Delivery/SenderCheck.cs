using Countersign.Domain;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Countersign.Delivery;

/// <summary>What is configured of senders, as far as the start depends on it: nothing but that they are there.</summary>
sealed class SenderOptions;

/// <summary>Stops the start where a channel has no sender, or where the development inbox would take real codes.</summary>
sealed class SenderCheck(IServiceProvider provider, IHostEnvironment environment) : IValidateOptions<SenderOptions>
{
    public ValidateOptionsResult Validate(string? name, SenderOptions options)
    {
        var senders = provider.GetServices<IMessageSender>().ToList();
        var errors = Enum.GetValues<KeyType>().Select(channel => Error(channel, senders)).OfType<string>().ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    string? Error(KeyType channel, List<IMessageSender> senders)
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
