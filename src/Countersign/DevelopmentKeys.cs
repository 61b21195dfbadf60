using Countersign.Domain;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Countersign;

/// <summary>The key that Development makes for itself, so that the first start needs no configuration. Elsewhere there is none by default.</summary>
sealed class DevelopmentKeys(IHostEnvironment environment, string directory) : IPostConfigureOptions<CountersignOptions>
{
    const string FileName = "countersign.development.key";

    public void PostConfigure(string? name, CountersignOptions options)
    {
        if (!environment.IsDevelopment() || options.Keys.Count > 0)
            return;

        var value = DevelopmentSecrets.LoadOrCreate(Path.Combine(directory, FileName), () => Convert.ToBase64String(TokenCodes.NewKeyValue()));
        options.Keys.Add(new KeyOptions { Id = "development", Value = value });
    }
}
