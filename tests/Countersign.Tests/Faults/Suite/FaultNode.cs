using Countersign.Delivery;
using Countersign.Domain;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign.Tests.Faults.Suite;

/// <summary>The program of a node under test: the server as it is shipped, in Production, with a sender that keeps what it takes over in a file.</summary>
static class FaultNode
{
    static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(string[] args)
    {
        await using var app = Countersign.Server.Program.Build(args, builder =>
        {
            var own = builder.Configuration.GetSection("FaultNode");
            var file = new SinkFile(own["Sink"]!, own.GetValue<int>("Number"));
            foreach (var channel in Enum.GetValues<KeyType>())
                builder.Services.AddSingleton<IMessageSender>(new SinkSender(channel, file));
        });
        _ = EndWithAsync(app.Configuration.GetValue<int>("FaultNode:Parent"));
        await app.RunAsync();
        return 0;
    }

    /// <summary>Who was killed, with whatever is run for hours, leaves no node behind.</summary>
    public static async Task EndWithAsync(int parent)
    {
        while (Directory.Exists($"/proc/{parent}"))
            await Task.Delay(LookEvery);
        Environment.Exit(1);
    }
}
