using Countersign.Http;
using Microsoft.Extensions.Options;

namespace Countersign.Server.Console;

/// <summary>How operators sign in to the console, section <c>Authentication:Schemes:Console</c>. Where the section is not there, neither is the console.</summary>
sealed class ConsoleOptions
{
    public const string Section = "Authentication:Schemes:Console";

    /// <summary>The URL of the OpenID Connect provider; https, or http on loopback. Its keys and addresses are discovered.</summary>
    public string Authority { get; set; } = "";

    /// <summary>What the provider calls the console.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>Where the provider wants a secret of its client. The flow has PKCE with and without.</summary>
    public string ClientSecret { get; set; } = "";

    /// <summary>What the provider is asked for: <c>openid</c>, <c>profile</c> and <c>countersign.operator</c>, unless others are named. One of them is <c>openid</c>.</summary>
    public IList<string> Scopes { get; } = [];

    /// <summary>The claim that makes an operator: <c>scope</c>, or a claim of the ID token or of the user info, such as <c>roles</c>.</summary>
    public string OperatorClaim { get; set; } = "scope";

    /// <summary>The value of the claim that makes an operator; one of several is enough.</summary>
    public string OperatorValue { get; set; } = OperatorEndpoints.Scope;

    public IEnumerable<string> ScopesOrDefault => Scopes.Count > 0 ? Scopes : ["openid", "profile", OperatorEndpoints.Scope];
}

/// <summary>Stops the start where nobody could sign in, or by what is no secret.</summary>
sealed class ConsoleOptionsValidator(IHostEnvironment environment, IOptions<CountersignOptions> countersign) : IValidateOptions<ConsoleOptions>
{
    public ValidateOptionsResult Validate(string? name, ConsoleOptions options)
    {
        var errors = Errors(options).ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    IEnumerable<string> Errors(ConsoleOptions options)
    {
        if (options.Authority.Length == 0)
            yield return Error("Authority", "is missing. Set it to the URL of your OpenID Connect provider, or leave the section out: then there is no console.");
        else if (!ServiceUrl.TryParse(options.Authority, out _))
            yield return Error("Authority", $"is '{options.Authority}'; it is {ServiceUrl.Form}.");
        if (string.IsNullOrWhiteSpace(options.ClientId))
            yield return Error("ClientId", "is missing. Register the console at your OpenID Connect provider, and set what it calls it.");
        if (options.Scopes.Count > 0 && !options.Scopes.Contains("openid"))
            yield return Error("Scopes", "has no openid, without which nobody is signed in.");
        for (var i = 0; i < options.Scopes.Count; i++)
        {
            if (options.Scopes[i].Length == 0 || options.Scopes[i].Any(char.IsWhiteSpace))
                yield return Error($"Scopes:{i}", "is one scope, without white space.");
        }

        if (string.IsNullOrWhiteSpace(options.OperatorClaim))
            yield return Error("OperatorClaim", "is empty. Name the claim that makes an operator, or leave it out: then it is scope.");
        if (string.IsNullOrWhiteSpace(options.OperatorValue) || options.OperatorValue.Any(char.IsWhiteSpace))
            yield return Error("OperatorValue", $"is one value, without white space, or is left out: then it is {OperatorEndpoints.Scope}.");
        if (!environment.IsDevelopment() && PublicUrl.Length == 0)
            yield return $"{CountersignOptions.Section}:PublicUrl is missing: signing in to the console comes back to it. Set it to the https URL of this server, or leave {ConsoleOptions.Section} out.";
    }

    /// <summary>Empty where the options themselves are wrong, which they say themselves.</summary>
    string PublicUrl
    {
        get
        {
            try
            {
                return countersign.Value.PublicUrl;
            }
            catch (OptionsValidationException)
            {
                return "unknown";
            }
        }
    }

    static string Error(string setting, string text) => $"{ConsoleOptions.Section}:{setting} {text}";
}
