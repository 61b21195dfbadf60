using System.Diagnostics;
using Countersign.Tests.Hosting;

namespace Countersign.Tests.Faults;

/// <summary>A file system in memory of a few megabytes, in a folder of its own: one that can be filled, and be made read-only.</summary>
sealed class SmallDisk : IDisposable
{
    const string Size = "3m";

    SmallDisk(TestFolder folder) => Folder = folder;

    public TestFolder Folder { get; }

    /// <summary>
    /// Mounting needs root on Linux. Continuous integration has that, and fails where it has not; elsewhere the test says why it cannot run.
    /// </summary>
    public static SmallDisk Mount()
    {
        var folder = new TestFolder();
        var refusal = OperatingSystem.IsLinux()
            ? Run("mount", "-t", "tmpfs", "-o", $"size={Size},mode=700", "tmpfs", folder.Path)
            : "this is not Linux";
        if (refusal is null)
            return new SmallDisk(folder);

        folder.Dispose();
        var reason = $"A small file system cannot be mounted: {refusal}";
        Assert.True(string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")), reason);
        Assert.Skip(reason);
        throw new InvalidOperationException(reason);
    }

    public void Remount(bool isReadOnly) =>
        Assert.Null(Run("mount", "-o", isReadOnly ? "remount,ro" : "remount,rw", Folder.Path));

    /// <summary>Takes the last free byte.</summary>
    public void Fill()
    {
        using var ballast = new FileStream(Folder.File("ballast"), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var block = new byte[4096];
        try
        {
            while (true)
                ballast.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    public void Free() => File.Delete(Folder.File("ballast"));

    public void Dispose()
    {
        Run("umount", "-l", Folder.Path);
        Folder.Dispose();
    }

    /// <summary>Null, or what went wrong.</summary>
    static string? Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
