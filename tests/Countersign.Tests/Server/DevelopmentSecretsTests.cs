using Countersign.Tests.Hosting;

namespace Countersign.Tests.Server;

public sealed class DevelopmentSecretsTests
{
    const int Nodes = 8;
    const int Rounds = 25;

    [Fact]
    public async Task Nodes_that_start_at_once_on_one_directory_share_one_whole_secret()
    {
        for (var round = 0; round < Rounds; round++)
        {
            using var folder = new TestFolder();
            using var start = new Barrier(Nodes);
            var nodes = Enumerable.Range(0, Nodes).Select(node => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return DevelopmentSecrets.LoadOrCreate(folder.File("secret"), () => new string((char)('a' + node), count: 200));
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

            var secrets = await Task.WhenAll(nodes);

            Assert.Single(secrets.Distinct());
            Assert.Equal(200, secrets[0].Length);
            Assert.Equal([folder.File("secret")], Directory.GetFiles(folder.Path));
        }
    }
}
