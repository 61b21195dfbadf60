using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Countersign.Tests.Hosting;
using Countersign.Tests.Stores;
using MimeKit;

namespace Countersign.Tests.Smtp;

/// <summary>What the server answers in place of what it would: see tests/peers/smtp/server.py.</summary>
sealed record Rule(string At, string Reply, int? Times = null);

/// <summary>An SMTP server that we did not write (aiosmtpd) in a process of its own, which keeps mails and what clients say, and fails on demand.</summary>
sealed class SmtpPeer : IAsyncDisposable
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly TestFolder folder = new();
    readonly Setup setup;
    Process? process;

    SmtpPeer(Setup setup) => this.setup = setup;

    public int Port { get; private set; }

    /// <summary>What clients said, line by line: the number of the connection, whether it was encrypted, and the line.</summary>
    public IReadOnlyList<string> Transcript => File.Exists(folder.File("transcript")) ? File.ReadAllLines(folder.File("transcript")) : [];

    /// <summary>Lines without the number of their connection.</summary>
    public IEnumerable<string> Lines => Transcript.Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);

    public int Connections => Lines.Count(line => line.EndsWith(" CONNECT", StringComparison.Ordinal));

    public static async Task<SmtpPeer> StartAsync(Setup? setup = null)
    {
        var peer = new SmtpPeer(setup ?? new Setup());
        if (peer.setup.Certificate is { } certificate)
            await File.WriteAllTextAsync(peer.folder.File("certificate.pem"), certificate);
        await peer.StartAgainAsync();
        return peer;
    }

    /// <summary>On the same port, with what it has.</summary>
    public async Task StartAgainAsync()
    {
        // Debian's Python, which has Debian's aiosmtpd; another may be first in the path.
        string[] arguments = ["-B", Repository.File("tests/peers/smtp/server.py"), "--folder", folder.Path, "--port", $"{Port}"];
        var start = new ProcessStartInfo("/usr/bin/python3", arguments)
        {
            // It ends when nobody holds the other end any more, even if the tests were killed.
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] more =
        [
            .. setup.Tls is { } tls ? ["--tls", tls, "--certificate", folder.File("certificate.pem")] : Array.Empty<string>(),
            .. setup.Login is { } login ? ["--login", login] : Array.Empty<string>(),
            .. setup.KnowsUtf8 ? ["--utf8"] : Array.Empty<string>(),
        ];
        foreach (var argument in more)
            start.ArgumentList.Add(argument);

        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => Errors += line.Data;
        process.BeginErrorReadLine();
        var said = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);
        Assert.True(said?.StartsWith("listening on ", StringComparison.Ordinal) == true, $"The mail server did not start: {said} {Errors}");
        Port = int.Parse(said.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
    }

    public string Errors { get; private set; } = "";

    /// <summary>From the next command on.</summary>
    public void Follow(params Rule[] rules)
    {
        var next = folder.File("rules.next");
        File.WriteAllText(next, JsonSerializer.Serialize(rules, Json));
        File.Move(next, folder.File("rules.json"), overwrite: true);
    }

    /// <summary>In the order in which they came.</summary>
    public IReadOnlyList<Received> Mails() =>
        [.. Directory.GetFiles(folder.Path, "*.eml").Order(StringComparer.Ordinal).Select(file => new Received(
            File.ReadAllBytes(file), JsonSerializer.Deserialize<Envelope>(File.ReadAllText(Path.ChangeExtension(file, ".json")), Json)!))];

    public async Task<Received> MailAsync(Func<Received, bool>? expected = null)
    {
        expected ??= _ => true;
        await Eventually.ThatAsync(() => Task.FromResult(Mails().Any(expected)), "such a mail arrives", Patience);
        return Mails().First(expected);
    }

    public Task SaysAsync(Func<string, bool> expected, string what) =>
        Eventually.ThatAsync(() => Task.FromResult(Lines.Any(expected)), what, Patience);

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        process!.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null)
            await KillAsync();
        folder.Dispose();
    }

    public sealed record Setup
    {
        /// <summary>starttls, implicit, or null for none.</summary>
        public string? Tls { get; init; }

        /// <summary>Key and certificates, in PEM.</summary>
        public string? Certificate { get; init; }

        /// <summary>user:password, without which it takes no mail.</summary>
        public string? Login { get; init; }

        public bool KnowsUtf8 { get; init; }
    }
}

sealed record Envelope(string From, string[] To, string[] Options);

/// <summary>A mail as it came over the wire.</summary>
sealed record Received(byte[] Bytes, Envelope Envelope)
{
    public string Raw => System.Text.Encoding.Latin1.GetString(Bytes);

    public MimeMessage Mail => MimeMessage.Load(new MemoryStream(Bytes));
}
