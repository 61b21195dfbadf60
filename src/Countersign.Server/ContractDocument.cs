using System.Text.Json.Serialization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Countersign.Server;

/// <summary>The contract as an OpenAPI document, <c>/openapi/v1.json</c>, and as a page, <c>/scalar</c>.</summary>
static class ContractDocument
{
    const string Prefix = "api/v1/";

    const string Introduction =
        """
        One-time tokens that guard changes to the security settings of an account: its email, phone number, anti-phishing code and MFA.

        `POST /api/v1/token/X` sends the one-time token for X; `POST /api/v1/X` redeems it and does X. A token itself never appears in an answer.

        The account is the `sub` of the bearer token. An operation may ask for a recent or a strong authentication: its 401 says in `WWW-Authenticate` which
        `max_age` and `acr_values` to authenticate with (RFC 9470). A request is refused in this order: 401, 403, 405, 413, 415, 400, the switch of the feature, the
        account, the lock (429); then, when a token is issued, the guards of the operation (409) and the send limits (429); and when one is redeemed, the
        token (422) and the guards (409). Only a 422 while a token is pending counts as a wrong try.

        A `POST` whose connection broke can be sent again under the same `Idempotency-Key`: it gets the answer that was committed, for 24 hours.

        Errors are `application/problem+json` (RFC 9457) with a stable `code`. Request bodies are closed: a member that is unknown, or there twice, is 400.
        """;

    static readonly (string Name, string Description)[] Tags =
    [
        ("Issuing", "Sends the one-time token that a change needs to whoever has to agree to the change."),
        ("Redeeming", "Spends a one-time token, at most once, and makes the change that it was issued for."),
        ("Account", "The caller's own account, masked."),
        ("Service API", "For the platform's own back end: bearer tokens with the scope `countersign.accounts`. Accounts are unmasked here."),
        ("Operator API", "For whoever operates the service: bearer tokens with the scope `countersign.operator`. No address and no code is shown."),
    ];

    public static void AddContractDocument(this IServiceCollection services)
    {
        // Numbers are read and written as numbers only.
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict);
        services.AddOpenApi(options =>
        {
            // What is there in Development only is no part of the contract.
            options.ShouldInclude = endpoint => endpoint.RelativePath?.StartsWith(Prefix, StringComparison.Ordinal) == true;
            options.CreateSchemaReferenceId = ContractSchemas.ReferenceId;
            options.AddSchemaTransformer(ContractSchemas.TransformAsync);
            options.AddOperationTransformer(ContractOperations.TransformAsync);
            options.AddDocumentTransformer(TransformAsync);
        });
    }

    public static void MapContractDocument(this WebApplication app)
    {
        app.MapOpenApi();
        app.MapScalarApiReference(scalar => scalar
                .WithTitle("Countersign")
                .WithNonce()
                .AddPreferredSecuritySchemes(ContractOperations.BearerScheme)
                .DisableDefaultFonts()
                .DisableTelemetry()
                .DisableAgent()
                .DisableMcp()
                .HideDeveloperTools()
                .HideClientButton())
            .AddEndpointFilter(async (context, next) =>
            {
                context.HttpContext.Response.OnStarting(Secure, context.HttpContext.Response);
                return await next(context);
            });
    }

    /// <summary>All that the page loads comes from this process, and what is tried on it goes to this process.</summary>
    static Task Secure(object state)
    {
        var response = (HttpResponse)state;
        var nonce = response.HttpContext.Items[ScalarOptions.NonceHttpContextItemKey];
        response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; "
            + "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        return Task.CompletedTask;
    }

    static Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken ct)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Countersign",
            Version = Commands.Version,
            Description = Introduction,
            Contact = new OpenApiContact { Name = "The Countersign authors" },
            License = new OpenApiLicense { Name = "Apache-2.0", Url = new Uri("https://www.apache.org/licenses/LICENSE-2.0") },
        };
        // Wherever it is served from: the document is the same on every machine.
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Tags = Tags.Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }).ToHashSet();

        document.AddComponent(ContractOperations.BearerScheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = "The end user's token, whose `sub` is the account; for the service API, the platform's own.",
        });
        foreach (var response in ContractProblems.Shared)
            document.AddComponent(response.Id, response.Describe(document));
        return Task.CompletedTask;
    }
}
