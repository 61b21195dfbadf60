using Countersign.Delivery;
using Countersign.Domain;
using Countersign.Server;

namespace Countersign.Bench.Product;

/// <summary>The server as it is shipped, but for its senders: what takes the messages here takes them at once, and keeps their codes.</summary>
static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (AuditCommand.IsIn(args))
            return await AuditCommand.RunAsync(args, System.Console.Out, System.Console.Error);

        var codes = new CodeBook();
        await using var app = Server.Program.Build(args, builder =>
        {
            foreach (var channel in Enum.GetValues<KeyType>())
                builder.Services.AddSingleton<IMessageSender>(new CodeSender(channel, codes));
        });
        codes.Map(app);
        app.CheckSettings();
        app.SayWhatServes();
        await app.RunAsync();
        return 0;
    }
}
