namespace Countersign.Http;

/// <summary>The embedded files of <c>Ui/</c>.</summary>
static class Pages
{
    public static string Read(string file)
    {
        using var stream = typeof(Pages).Assembly.GetManifestResourceStream($"Ui/{file}")
            ?? throw new InvalidOperationException($"The page {file} is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
