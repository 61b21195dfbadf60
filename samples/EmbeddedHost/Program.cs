using Countersign;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddAuthentication().AddJwtBearer();
builder.Services
    .AddCountersign()
    .UseSqlite(builder.Configuration.GetConnectionString("Sqlite") ?? "Data Source=data/accounts.db")
    .AddDevelopmentInbox();

var app = builder.Build();
app.MapCountersign();
if (app.Environment.IsDevelopment())
    app.MapCountersignDevelopment();
app.MapGet("/hello", () => "An application with Countersign in it.");
app.Run();
