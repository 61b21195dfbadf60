namespace Countersign.Bench;

/// <summary>What every server that checks bearers starts with, written as the framework's documentation has it.</summary>
static class BearerServer
{
    public static WebApplicationBuilder Create(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        // Reads the section Authentication:Schemes:Bearer.
        builder.Services.AddAuthentication().AddJwtBearer(bearer => bearer.MapInboundClaims = false);
        builder.Services.AddAuthorization();
        builder.Services.AddSingleton<CodeBook>();
        return builder;
    }

    public static string UserId(this HttpContext http) => http.User.FindFirst("sub")!.Value;
}
