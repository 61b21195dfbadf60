using Countersign.Server.Console;

namespace Countersign.Server;

/// <summary>The thinnest possible host of the library: bearer authentication, documentation, telemetry and configuration.</summary>
static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (Commands.Run(args, System.Console.Out, System.Console.Error) is { } exitCode)
            return exitCode;

        try
        {
            if (MigrateCommand.IsIn(args))
                return await MigrateCommand.RunAsync(args, System.Console.Out, System.Console.Error);
            if (AuditCommand.IsIn(args))
                return await AuditCommand.RunAsync(args, System.Console.Out, System.Console.Error);
            if (TemplatesCommand.IsIn(args))
                return await TemplatesCommand.RunAsync(args, System.Console.Out, System.Console.Error);

            await using var app = Build(args);
            app.CheckSettings();
            if (app.Environment.IsDevelopment())
                app.SayWhereToClick(System.Console.Out);
            else
                app.SayWhatServes();

            // What ends by itself ends the process with it, and whoever watches it is to know.
            var background = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
            await app.RunAsync();
            return background.Exists(service => service.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
        }
        catch (Exception e) when (StartupErrors.Explain(e) is { } lines)
        {
            foreach (var line in lines)
                await System.Console.Error.WriteLineAsync(line);
            return 1;
        }
    }

    /// <param name="configure">What a test replaces.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddShippedSettings();
        builder.Configuration.CheckLogLevels();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Logging.AddFirmFilters();

        var countersign = builder.Services.AddCountersign()
            .UseConfiguredDatabase(builder.Configuration)
            .AddConfiguredSenders(builder.Configuration);
        if (builder.Environment.IsDevelopment())
            countersign.AddDevelopmentInbox();
        builder.AddBearerAuthentication();
        builder.AddConsole();
        builder.AddTelemetryExport();
        builder.Services.AddHsts(hsts => (hsts.MaxAge, hsts.IncludeSubDomains) = (TimeSpan.FromDays(365), true));
        builder.Services.AddContractDocument();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseTrustedProxies();
        app.UseResponseHeaders();
        app.UseCountersignProblems();
        app.UseConsoleErrors();
        if (!app.Environment.IsDevelopment())
            app.UseHsts();
        app.UseCors();
        app.UseAuthentication();
        app.MapCountersign();
        app.MapConsole();
        app.MapContractDocument();
        app.MapOperations();
        if (app.Environment.IsDevelopment())
            app.MapCountersignDevelopment(app.Services.GetRequiredService<DevelopmentBearers>().Issue);
        return app;
    }
}
