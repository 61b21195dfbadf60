using Countersign.Tests.Hosting;

namespace Countersign.Tests.Docs;

/// <summary>A page, or a part of one between two marks, that is made of what the tests are.</summary>
static class GeneratedPage
{
    const string Update = "COUNTERSIGN_UPDATE_DOCS";

    /// <summary>The page is what it should be; or becomes so, where that is asked for.</summary>
    public static void Check(string path, string expected)
    {
        if (Environment.GetEnvironmentVariable(Update) is not null)
            File.WriteAllText(Repository.File(path), expected);
        Assert.True(expected == Repository.Read(path), $"{path} is not what the tests say: {Update}=1 ./test -class 'Countersign.Tests.Docs.*' writes it.");
    }

    /// <summary>The page with what stands between the marks replaced.</summary>
    public static string With(string path, string mark, string generated)
    {
        var page = Repository.Read(path);
        var (first, last) = ($"<!-- {mark}: generated -->\n", $"<!-- {mark}: end -->");
        var from = page.IndexOf(first, StringComparison.Ordinal);
        var to = page.IndexOf(last, StringComparison.Ordinal);
        Assert.True(from >= 0 && to > from, $"{path} has no place for {mark}.");
        return page[..(from + first.Length)] + generated + page[to..];
    }
}
