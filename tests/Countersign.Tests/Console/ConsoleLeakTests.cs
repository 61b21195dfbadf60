using Countersign.Stores;
using Countersign.Tests.Hosting;
using Countersign.Tests.Http;
using Countersign.Tests.Server;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Console;

/// <summary>Attack 9, in the browser of an operator.</summary>
public sealed class ConsoleLeakTests
{
    [Fact]
    public async Task No_page_of_the_console_holds_a_secret_or_a_whole_address_whatever_is_looked_for_and_whatever_breaks()
    {
        var answers = new AnswerLog();
        var canaries = new Canaries();
        await using var server = await Canaries.StartServerAsync([], builder => builder.Services.AddSingleton<IStartupFilter>(answers));
        await canaries.TourAsync(server);
        answers.Answers.Clear();

        using var client = await ConsoleClient.SignInAsync(server);
        foreach (var query in new[] { "alice", "erin", canaries.Email, canaries.OtherEmail, canaries.Number, canaries.NewEmail("nobody"), canaries.Number[1..] })
        {
            await client.GetAsync("/console/search");
            var found = await client.PostAsync("/console/search", ("query", query));
            Assert.Contains(found.Status, new[] { 200, 302 });
        }

        string[] pages =
        [
            "/console", "/console?span=7d", "/console?span=30d", "/console/messages", "/console/accounts/alice", "/console/accounts/alice/erase", "/console/accounts/bob",
            "/console/accounts/claire", "/console/accounts/erin",
        ];
        foreach (var page in pages)
            Assert.Equal((page, 200), (page, (await client.GetAsync(page)).Status));
        await client.GetAsync("/console/accounts/alice");
        Assert.Equal(400, (await client.PostAsync("/console/accounts/alice/revoke", ("reason", ""))).Status);
        Assert.Equal(302, (await client.PostAsync("/console/accounts/alice/revoke", ("reason", "for the test"))).Status);

        Assert.Equal("This cannot be shown now", await TitleWhileAsync(503, "ALTER TABLE key_claims RENAME TO key_claims_away", "ALTER TABLE key_claims_away RENAME TO key_claims"));
        Assert.Equal("Something went wrong", await TitleWhileAsync(500, "ALTER TABLE key_claims RENAME COLUMN address TO away", "ALTER TABLE key_claims RENAME COLUMN away TO address"));
        Assert.Equal(200, (await client.GetAsync("/console/accounts/alice")).Status);

        var all = answers.Answers.Where(answer => answer.Path.StartsWithSegments("/console")).ToList();
        Assert.Equal([200, 302, 400, 500, 503], all.Select(answer => answer.Status).Distinct().Order());
        Assert.DoesNotContain(all, answer => answer.IsProblem);
        Assert.Contains(all, answer => answer.Body.Contains("o***", StringComparison.Ordinal));
        Assert.Empty(all.SelectMany(answer => canaries.FindIn($"{answer.Method} {answer.Path} {answer.Status}", $"{answer.Url}\n{answer.Headers}\n{answer.Body}")));

        async Task<string> TitleWhileAsync(int status, string breaking, string mending)
        {
            await ExecuteAsync(server, breaking);
            var answer = await client.GetAsync("/console/accounts/alice");
            await ExecuteAsync(server, mending);
            Assert.Equal(status, answer.Status);
            return answer.Text.Split("<h1>")[1].Split("</h1>")[0];
        }
    }

    static Task<bool> ExecuteAsync(TestServer server, string text) =>
        server.Services.GetRequiredService<ISqlEngine>().WriteAsync(new SqlStatement(text), _ => true, TestContext.Current.CancellationToken);
}
