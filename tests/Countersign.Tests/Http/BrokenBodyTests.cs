using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Countersign.Tests.Hosting;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Http;

[Trait("Database", "any")]
public sealed class BrokenBodyTests
{
    [Fact]
    public async Task A_body_that_cannot_be_read_is_the_clients_matter_and_no_error_in_the_log()
    {
        using var log = new ErrorLog();
        await using var server = await TestServer.StartAsync(new TestServer.Setup { Configure = builder => builder.Logging.AddProvider(log) });
        var bearer = await server.BearerAsync("alice", scope: null);

        var answer = await SendAsync(
            server.Url,
            "POST /api/v1/token/userKeys/adding/email HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + $"Authorization: Bearer {bearer}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"validation\"", answer, StringComparison.Ordinal);
        Assert.Empty(log.Errors);
    }

    static async Task<string> SendAsync(Uri url, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }

    sealed class ErrorLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Errors { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                Errors.Enqueue(formatter(state, exception));
        }

        public void Dispose() => Errors.Clear();
    }
}
