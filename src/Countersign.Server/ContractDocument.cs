using Scalar.AspNetCore;

namespace Countersign.Server;

static class ContractDocument
{
    public static void AddContractDocument(this IServiceCollection services) => services.AddOpenApi();

    public static void MapContractDocument(this WebApplication app)
    {
        app.MapOpenApi();
        app.MapScalarApiReference();
    }
}
