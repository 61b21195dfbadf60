namespace Countersign.Server.Console;

/// <summary>The addresses of the console, and who may ask for them.</summary>
static class ConsoleEndpoints
{
    public const string Root = "/console";
    public const string SignInPath = "/console/sign-in";

    public static void Map(IEndpointRouteBuilder routes, bool hasProvider)
    {
        var console = routes.MapGroup(Root).AddEndpointFilter<RouteGroupBuilder, ConsoleGate>().ExcludeFromDescription();
        var open = console.MapGroup("").WithMetadata(new OpenToAll());
        SignInEndpoints.Map(open, hasProvider);
        ConsoleAssets.Map(open);
        ActivityEndpoints.Map(console);
        AccountEndpoints.Map(console);
        MessageEndpoints.Map(console);
        console.MapFallback("/{**rest}", IResult () => ConsoleErrors.Page(StatusCodes.Status404NotFound));
    }

    /// <param name="path">Where to go after it, on this server.</param>
    public static string SignIn(string path) => path == Root ? SignInPath : $"{SignInPath}?to={Uri.EscapeDataString(path)}";
}
