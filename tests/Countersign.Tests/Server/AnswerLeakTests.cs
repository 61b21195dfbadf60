using System.Text.RegularExpressions;
using Countersign.Tests.Hosting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Tests.Server;

/// <summary>Attack 9: what the server answers, and the URLs that it hands out.</summary>
public sealed partial class AnswerLeakTests
{
    const string Account = "/api/v1/admin/accounts/alice";

    [Fact]
    [Trait("Attack", "9")]
    [Trait("ASVS", "14.2.1")]
    public async Task No_answer_holds_a_secret_and_none_but_the_platform_s_an_address()
    {
        var answers = new AnswerLog();
        var canaries = new Canaries();
        await using (var server = await Canaries.StartServerAsync([], builder => builder.Services.AddSingleton<IStartupFilter>(answers)))
            await canaries.TourAsync(server);

        // What Development shows is what it is there for.
        var all = answers.Answers.Where(answer => !answer.Path.StartsWithSegments("/dev")).ToList();
        Assert.Equal(
            [200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503], all.Select(answer => answer.Status).Distinct().Order());

        Assert.Empty(all.SelectMany(answer => Find(answer, answer.IsProblem ? _ => true : Sought(answer))));
        Assert.Contains(all, answer => answer.Path == Account && Find(answer, kind => kind == CanaryKind.Address).Any());

        IEnumerable<string> Find(LeavingAnswer answer, Func<CanaryKind, bool> isSought) =>
            canaries.FindIn($"{answer.Method} {answer.Path} {answer.Status}", $"{answer.Headers}\n{answer.Body}", isSought);
    }

    [Fact]
    [Trait("Attack", "9")]
    [Trait("ASVS", "14.2.1")]
    public async Task No_link_of_a_message_or_of_an_answer_has_a_secret_or_an_address_that_a_browser_would_send()
    {
        var answers = new AnswerLog();
        var canaries = new Canaries();
        List<InboxItem> messages;
        await using (var server = await Canaries.StartServerAsync([], builder => builder.Services.AddSingleton<IStartupFilter>(answers)))
        {
            await canaries.TourAsync(server);
            messages = await server.InboxAsync();
        }

        var texts = messages.SelectMany(message => new[] { message.Text, message.Html ?? "" })
            .Concat(answers.Answers.Where(answer => !answer.Path.StartsWithSegments("/dev")).Select(answer => $"{answer.Headers}\n{answer.Body}"));
        var links = texts.SelectMany(text => Link().Matches(text)).Select(link => link.Value).Distinct().ToList();
        Assert.Contains(links, link => link.StartsWith("https://accounts.example.com/undo#", StringComparison.Ordinal));
        // What follows the # stays in the browser.
        Assert.Empty(links.SelectMany(link => canaries.FindIn("link", link.Split('#')[0])));
    }

    /// <summary>The platform's back end reads the account unmasked; a statement about holds is signed for whoever asks.</summary>
    static Func<CanaryKind, bool> Sought(LeavingAnswer answer) => answer.Path.Value switch
    {
        Account => kind => kind is not (CanaryKind.Address or CanaryKind.AntiPhishingCode),
        "/api/v1/admin/accounts/erin" => kind => kind is not CanaryKind.Address,
        $"{Account}/holds" => kind => kind is not CanaryKind.Bearer,
        _ => _ => true,
    };

    [GeneratedRegex(@"https?://[^\s""'<>]+|/undo[^\s""'<>]*")]
    private static partial Regex Link();
}
