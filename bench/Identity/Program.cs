using Countersign.Bench;
using Countersign.Bench.Identity;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

// As the framework's documentation has it, with a code of six digits as the token: the email token provider.
var builder = BearerServer.Create(args);
builder.Services.AddDbContextPool<Users>(options => options.UseNpgsql(builder.Configuration.GetConnectionString("PostgreSql")));
builder.Services.AddIdentityCore<IdentityUser>(identity => identity.Tokens.ChangeEmailTokenProvider = TokenOptions.DefaultEmailProvider)
    .AddEntityFrameworkStores<Users>()
    .AddTokenProvider<EmailTokenProvider<IdentityUser>>(TokenOptions.DefaultEmailProvider);
builder.Services.AddSingleton(TimeProvider.System);

var app = builder.Build();
using (var scope = app.Services.CreateScope())
    await scope.ServiceProvider.GetRequiredService<Users>().Database.EnsureCreatedAsync();
app.UseAuthentication();
app.UseAuthorization();
app.MapGet("/health/ready", (Users users, CancellationToken ct) => users.Database.ExecuteSqlAsync($"SELECT 1", ct));
app.Services.GetRequiredService<CodeBook>().Map(app);
app.MapGroup("/api/v1").RequireAuthorization().MapEmailChanges();
await app.RunAsync();
