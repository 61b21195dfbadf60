using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Faults;

/// <summary>The server, told to end as a service manager does: by SIGTERM.</summary>
public sealed class TerminationTests
{
    [Fact]
    public async Task A_server_that_is_told_to_end_answers_what_it_was_asked_sends_what_it_has_and_ends_well()
    {
        using var folder = new TestFolder();
        await using var host = await HostProcess.StartInAsync(folder, "Countersign.Server", "Logging:LogLevel:Default=Information");
        var bearer = await BearerAsync(host);

        // A request of which the last byte is still to come.
        const string Body = """{"newEmail":"alice@example.com"}""";
        using var client = new TcpClient();
        await client.ConnectAsync(host.Http.BaseAddress!.Host, host.Http.BaseAddress.Port, TestContext.Current.CancellationToken);
        await using var connection = client.GetStream();
        await connection.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /api/v1/token/userKeys/adding/email HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\nContent-Type: application/json\r\n"
                + $"Content-Length: {Body.Length}\r\nExpect: 100-continue\r\n\r\n"),
            TestContext.Current.CancellationToken);
        // The server waits for the body: the request is in its hands.
        var reader = new StreamReader(connection);
        Assert.Equal("HTTP/1.1 100 Continue", await reader.ReadLineAsync(TestContext.Current.CancellationToken));

        host.Terminate();
        await host.WaitForAsync("Application is shutting down...");
        await connection.WriteAsync(Encoding.ASCII.GetBytes(Body), TestContext.Current.CancellationToken);
        Assert.Equal("", await reader.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync(TestContext.Current.CancellationToken));

        Assert.Equal(0, await host.WaitForExitAsync());
        Assert.Contains("are sent first, for up to 00:00:10.", host.Output, StringComparison.Ordinal);
        Assert.Contains("and 0 are left to other nodes at once.", host.Output, StringComparison.Ordinal);

        // It was sent before the end: the next process finds it in the inbox without sending anything.
        await using var next = await HostProcess.StartInAsync(folder, "Countersign.Server");
        var inbox = await next.Http.GetFromJsonAsync<List<InboxItem>>("/dev/inbox", TestContext.Current.CancellationToken);
        Assert.Equal("alice@example.com", Assert.Single(inbox!).Destination);
        Assert.Equal("SENT", await DeliveryAsync(next, bearer));
    }

    static async Task<string> BearerAsync(HostProcess host)
    {
        using var response = await host.Http.PostAsJsonAsync("/dev/token", new { userId = "alice" });
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString()!;
    }

    static async Task<string?> DeliveryAsync(HostProcess host, string bearer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/account");
        request.Headers.Authorization = new("Bearer", bearer);
        using var response = await host.Http.SendAsync(request);
        var account = await response.Content.ReadFromJsonAsync<JsonElement>();
        return account.GetProperty("pendingOperations")[0].GetProperty("delivery").GetString();
    }
}
