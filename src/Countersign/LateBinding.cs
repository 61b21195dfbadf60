using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Countersign;

/// <summary>
/// Maps handlers as the framework does, whose methods of the same names these hide, but for one thing: the code that binds the parameters of a
/// handler and runs its filters is compiled with the first request to it. With more than a hundred endpoints that is half of a start.
/// </summary>
static class LateBinding
{
    public static RouteHandlerBuilder Map(this IEndpointRouteBuilder routes, string path, Delegate handler) => Map(routes, path, null, handler);

    public static RouteHandlerBuilder MapGet(this IEndpointRouteBuilder routes, string path, Delegate handler) =>
        Map(routes, path, [HttpMethods.Get], handler);

    public static RouteHandlerBuilder MapPost(this IEndpointRouteBuilder routes, string path, Delegate handler) =>
        Map(routes, path, [HttpMethods.Post], handler);

    public static RouteHandlerBuilder MapPut(this IEndpointRouteBuilder routes, string path, Delegate handler) =>
        Map(routes, path, [HttpMethods.Put], handler);

    public static RouteHandlerBuilder MapDelete(this IEndpointRouteBuilder routes, string path, Delegate handler) =>
        Map(routes, path, [HttpMethods.Delete], handler);

    public static RouteHandlerBuilder MapMethods(this IEndpointRouteBuilder routes, string path, IEnumerable<string> methods, Delegate handler) =>
        Map(routes, path, methods, handler);

    static RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string path, IEnumerable<string>? methods, Delegate handler) =>
        // What routing and the OpenAPI document ask for is known from the start.
        RouteHandlerServices.Map(routes, path, handler, methods, RequestDelegateFactory.InferMetadata, CreateLate);

    static RequestDelegateResult CreateLate(Delegate handler, RequestDelegateFactoryOptions options, RequestDelegateMetadataResult? metadata)
    {
        var created = new Lazy<RequestDelegate>(() => RequestDelegateFactory.Create(handler, options, metadata).RequestDelegate);
        return new RequestDelegateResult(http => created.Value(http), metadata?.EndpointMetadata ?? []);
    }
}
