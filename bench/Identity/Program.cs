using Countersign.Bench;

var app = BearerServer.Create(args).Build();
await app.RunAsync();
