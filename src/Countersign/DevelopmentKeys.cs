using System.Text;
using Countersign.Domain;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Countersign;

/// <summary>The key that Development makes for itself, so that the first start needs no configuration. Elsewhere there is none by default.</summary>
sealed class DevelopmentKeys(IHostEnvironment environment, string directory) : IPostConfigureOptions<CountersignOptions>
{
    const string FileName = "countersign.development.key";

    public void PostConfigure(string? name, CountersignOptions options)
    {
        if (!environment.IsDevelopment() || options.Keys.Count > 0)
            return;

        var value = DevelopmentSecrets.LoadOrCreate(Path.Combine(directory, FileName), () => Convert.ToBase64String(TokenCodes.NewKeyValue()));
        options.Keys.Add(new KeyOptions { Id = "development", Value = value });
    }
}

/// <summary>Secrets that are made once and kept in a file that only its owner may read.</summary>
public static class DevelopmentSecrets
{
    /// <summary>The text of the file; where there is none yet, one made by <paramref name="create"/>. Several processes may ask at once.</summary>
    public static string LoadOrCreate(string path, Func<string> create)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (File.Exists(path))
            return File.ReadAllText(path).Trim();

        // Written aside and moved into place, so that nobody ever reads half of it; whoever comes second takes the first one's.
        var draft = $"{path}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(path: draft, Encoding.ASCII, options))
            writer.WriteLine(create());

        try
        {
            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(draft);
        }

        return File.ReadAllText(path).Trim();
    }
}
