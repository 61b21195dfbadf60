using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;

namespace Countersign.Server.Console;

/// <summary>The support console at <c>/console</c>: where a provider is configured, and in Development.</summary>
static class ConsoleSetup
{
    /// <summary>After <see cref="BearerAuthentication"/>, which stays the scheme of everything else.</summary>
    public static void AddConsole(this WebApplicationBuilder builder)
    {
        if (IsServed(builder.Configuration, builder.Environment))
            AddPages(builder);
        // Last: whatever asks for Data Protection adds the framework's.
        SealedProtection.Use(builder.Services);
    }

    static void AddPages(WebApplicationBuilder builder)
    {
        var isDevelopment = builder.Environment.IsDevelopment();
        var authentication = builder.Services.AddAuthentication()
            .AddCookie(ConsoleSession.Scheme, cookie => ConsoleSession.Configure(cookie, isDevelopment));
        if (HasProvider(builder.Configuration))
            AddProvider(builder.Services);

        builder.Services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = ConsoleSession.CookieName("console-form", isDevelopment);
            antiforgery.Cookie.Path = "/";
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.SecurePolicy = ConsoleSession.SecurePolicy(isDevelopment);
            antiforgery.HeaderName = null;
            // Pages say in their policy that they stand in no frame.
            antiforgery.SuppressXFrameOptionsHeader = true;
        });
        builder.Services.AddRazorComponents();
        builder.Services.AddSingleton<ConsoleNotice>();

        void AddProvider(IServiceCollection services)
        {
            services.AddSingleton<IValidateOptions<ConsoleOptions>, ConsoleOptionsValidator>();
            services.AddSingleton<IValidateOptions<ConsoleOptions>>(provider =>
                new UnknownSettings<ConsoleOptions>(Options.DefaultName, provider.GetRequiredService<IConfiguration>().GetSection(ConsoleOptions.Section)));
            services.AddSingleton<IConfigureOptions<ConsoleOptions>>(provider =>
                new UnreadableSettings<ConsoleOptions>(Options.DefaultName, () => provider.GetRequiredService<IConfiguration>().GetSection(ConsoleOptions.Section)));
            services.AddOptions<ConsoleOptions>().BindConfiguration(ConsoleOptions.Section).ValidateOnStart();

            services.AddSingleton<ConsoleProvider>();
            services.AddSingleton<IConfigureOptions<OpenIdConnectOptions>>(provider => provider.GetRequiredService<ConsoleProvider>());
            authentication.AddOpenIdConnect(ConsoleProvider.Scheme, _ => { });
            services.AddOptions<OpenIdConnectOptions>(ConsoleProvider.Scheme).PostConfigure<TimeProvider, ILogger<ProviderKeys>>(ConsoleProvider.UseProviderKeys);
        }
    }

    /// <summary>Pages where everything else answers with problems.</summary>
    public static void UseConsoleErrors(this WebApplication app)
    {
        if (!IsServed(app.Configuration, app.Environment))
            return;

        app.UseWhen(
            http => http.Request.Path.StartsWithSegments(ConsoleEndpoints.Root),
            console => console
                .UseExceptionHandler(errors => errors.Run(ConsoleErrors.ShowExceptionAsync))
                .UseStatusCodePages(context => ConsoleErrors.ShowStatusAsync(context.HttpContext)));
    }

    public static void MapConsole(this WebApplication app)
    {
        if (IsServed(app.Configuration, app.Environment))
            ConsoleEndpoints.Map(app, HasProvider(app.Configuration));
    }

    static bool IsServed(IConfiguration configuration, IHostEnvironment environment) => HasProvider(configuration) || environment.IsDevelopment();

    static bool HasProvider(IConfiguration configuration) => configuration.GetSection(ConsoleOptions.Section).Exists();
}
