using System.Diagnostics;
using System.Text;

namespace Countersign;

/// <summary>Secrets that are made once and kept in a file that only its owner may read.</summary>
public static class DevelopmentSecrets
{
    /// <summary>How long a node waits for another that has the file open. It holds it for one short read or write.</summary>
    static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>The text of the file; where there is none yet, one made by <paramref name="create"/>. Several processes may ask at once.</summary>
    public static string LoadOrCreate(string path, Func<string> create)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);

        // Looked at and written under one lock: a move into place would not do, for on Unix it may replace what another node has just put there.
        using var file = Open(path);
        if (file.Length == 0)
        {
            file.Write(Encoding.ASCII.GetBytes(create() + "\n"));
            file.Flush(flushToDisk: true);
            file.Position = 0;
        }

        using var reader = new StreamReader(file, Encoding.ASCII);
        return reader.ReadToEnd().Trim();
    }

    /// <summary>Opened to read where something is in it, which a read-only directory allows; otherwise to write, alone.</summary>
    static FileStream Open(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        for (var started = Stopwatch.GetTimestamp(); ; Thread.Sleep(Pause))
        {
            try
            {
                return new FileInfo(path) is { Exists: true, Length: > 0 }
                    ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read)
                    : new FileStream(path, options);
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(started) < MaxWait)
            {
                // Another node writes it; what is not that is thrown after the wait.
            }
        }
    }
}
