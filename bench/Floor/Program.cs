using Countersign.Bench;
using Countersign.Bench.Floor;
using Npgsql;

// What a careful engineer writes by hand in an afternoon: a minimal API, a bearer, one statement for each request.
var builder = BearerServer.Create(args);
builder.Services.AddSingleton(NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(builder.Configuration.GetConnectionString("PostgreSql"))
{
    MaxAutoPrepare = 20,
    NoResetOnClose = true,
}));
builder.Services.AddSingleton(provider => new CodeDigests(Convert.FromBase64String(provider.GetRequiredService<IConfiguration>()["Floor:Key"]!)));
builder.Services.AddSingleton<TokenTable>();
builder.Services.AddSingleton<Services>();
builder.Services.AddSingleton(TimeProvider.System);

var app = builder.Build();
await Schema.CreateAsync(app.Services.GetRequiredService<NpgsqlDataSource>());
app.UseAuthentication();
app.UseAuthorization();
app.MapGet("/health/ready", (TokenTable table, CancellationToken ct) => table.PingAsync(ct));
// What the load generator itself costs.
app.MapGet("/bench/empty", () => Results.Ok());
app.Services.GetRequiredService<CodeBook>().Map(app);
app.MapGroup("/api/v1").RequireAuthorization().MapTokens();
await app.RunAsync();
