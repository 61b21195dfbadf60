using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Countersign.Server.Console;

/// <summary>
/// A page of the console. The components are handed what they show by a cascading value, because their parameters would have to be public, as the components themselves are.
/// </summary>
/// <param name="Content">What stands in the frame of every page.</param>
sealed record ConsolePage(string Title, RenderFragment Content) : IResult
{
    /// <summary>Nothing but our own style sheet and icon, and forms that go nowhere else. There is no script at all.</summary>
    const string Policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>The entry of the navigation that this page belongs to; null for none.</summary>
    public string? Section { get; init; }

    public static ConsolePage Of<TPage, TModel>(string title, TModel model) where TPage : IComponent => new(title, builder =>
    {
        builder.OpenComponent<CascadingValue<TModel>>(0);
        builder.AddComponentParameter(1, nameof(CascadingValue<TModel>.Value), model);
        builder.AddComponentParameter(2, nameof(CascadingValue<TModel>.IsFixed), true);
        builder.AddComponentParameter(3, nameof(CascadingValue<TModel>.ChildContent), Component<TPage>());
        builder.CloseComponent();
    });

    /// <summary>A heading, a paragraph, and where to go from there.</summary>
    public static ConsolePage Message(int status, string title, string text, (string Text, string Href)? link = null) =>
        Of<MessagePage, MessageModel>(title, new MessageModel(title, text, link?.Text, link?.Href)) with { Status = status };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var headers = httpContext.Response.Headers;
        headers.CacheControl = "no-cache, no-store";
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["X-Robots-Tag"] = "noindex, nofollow";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        var user = httpContext.User;
        var frame = new FrameModel(
            Title,
            user.Identity?.AuthenticationType == ConsoleSession.Scheme ? ConsoleSession.NameOf(user) : null,
            ConsoleSession.IsOperator(user),
            Section,
            httpContext.RequestServices.GetRequiredService<ConsoleNotice>().Take(httpContext),
            Content);
        await new RazorComponentResult<CascadingValue<FrameModel>>(new Dictionary<string, object?>
        {
            [nameof(CascadingValue<FrameModel>.Value)] = frame,
            [nameof(CascadingValue<FrameModel>.IsFixed)] = true,
            [nameof(CascadingValue<FrameModel>.ChildContent)] = Component<ConsoleFrame>(),
        })
        {
            StatusCode = Status,
            PreventStreamingRendering = true,
        }.ExecuteAsync(httpContext);
    }

    static RenderFragment Component<T>() where T : IComponent => builder =>
    {
        builder.OpenComponent<T>(0);
        builder.CloseComponent();
    };
}

/// <summary>What every page has around what it shows.</summary>
/// <param name="SignedInAs">Null where nobody is.</param>
/// <param name="Notice">What came of the action before; null for none.</param>
sealed record FrameModel(string Title, string? SignedInAs, bool IsOperator, string? Section, string? Notice, RenderFragment Content);

sealed record MessageModel(string Title, string Text, string? LinkText, string? LinkHref);
