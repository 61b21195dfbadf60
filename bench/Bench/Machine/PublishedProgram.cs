using System.Collections.Concurrent;
using System.Reflection.PortableExecutable;

namespace Countersign.Bench.Machine;

/// <summary>Programs of this repository as an operator gets the server: published for one kind of machine, and so compiled before they start.</summary>
static class PublishedProgram
{
    static readonly ConcurrentDictionary<string, string> Known = new(StringComparer.Ordinal);

    /// <param name="project">Its folder, from the root of the repository.</param>
    /// <returns>The path of its .dll.</returns>
    public static string Of(Workplace place, string project) => Known.GetOrAdd(project, Publish, place);

    static string Publish(string project, Workplace place)
    {
        var name = Path.GetFileNameWithoutExtension(Directory.GetFiles(project, "*.csproj").Single());
        var folder = Path.Combine(place.Folder, "published", name);
        place.Run(
            "dotnet", "publish", Path.GetFullPath(project), "-c", "Release", "-r", "linux-x64", "--self-contained", "false", "-o", folder, "--nologo",
            "-v", "quiet");
        var program = Path.Combine(folder, $"{name}.dll");
        if (!IsCompiled(program))
            throw new BenchException($"{program} is not compiled: what would be measured is not what is said of it.");
        return program;
    }

    static bool IsCompiled(string assembly)
    {
        using var reader = new PEReader(File.OpenRead(assembly));
        return reader.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }
}
