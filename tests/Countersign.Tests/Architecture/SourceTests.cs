using System.Text.RegularExpressions;
using Countersign.PostgreSql;
using Countersign.Sqlite;
using Countersign.Tests.Docs;

using Countersign.Tests.Hosting;

namespace Countersign.Tests.Architecture;

public sealed partial class SourceTests
{
    const int MaxLines = 500;

    /// <summary>Words that name nothing, or something else here: see the glossary in CONTRIBUTING.md.</summary>
    static readonly string[] NotUsed = ["Manager", "Helper", "Helpers", "Util", "Utils", "Utility", "Utilities", "Processor", "Dto", "Impl", "Base", "Context"];

    [Fact]
    public void No_file_is_longer_than_500_lines()
    {
        var files = new[] { "src", "tests", "samples" }.SelectMany(folder => Repository.Files(folder, "*.*"))
            .Where(file => !file.EndsWith("/package-lock.json", StringComparison.Ordinal))
            .Select(file => (File: file, Lines: File.ReadLines(Repository.File(file)).Count()))
            .ToList();

        Assert.InRange(files.Count, 90, 1_000);
        Assert.DoesNotContain(files, file => file.Lines > MaxLines);
    }

    [Fact]
    public void Types_are_named_by_the_words_of_the_glossary()
    {
        var assemblies = new[]
        {
            typeof(AccountSecurity).Assembly, typeof(SqliteEngine).Assembly, typeof(PostgreSqlEngine).Assembly, typeof(Countersign.Smtp.SmtpSender).Assembly,
            typeof(Countersign.Server.Program).Assembly,
        };
        var names = assemblies.SelectMany(Dependencies.Declared).Select(type => type.Name.Split('`')[0]).ToList();

        Assert.Contains("AccountSecurity", names);
        Assert.DoesNotContain(names, name => Words().Matches(name).Select(word => word.Value).Intersect(NotUsed).Any());
    }

    [Fact]
    public void Words_of_a_name_are_told_apart()
    {
        Assert.Equal(["Account", "Context"], Words().Matches("AccountContext").Select(word => word.Value));
        Assert.Equal(["I", "Sql", "Engine"], Words().Matches("ISqlEngine").Select(word => word.Value));
        Assert.Equal(["Database"], Words().Matches("Database").Select(word => word.Value));
    }

    [Fact]
    public void There_are_no_regions_and_nothing_is_left_to_be_done()
    {
        var files = new[] { "src", "tests", "samples" }.SelectMany(folder => Repository.Files(folder, "*.cs"));
        var marks = new[] { "#region", "TO" + "DO", "FIX" + "ME", "HA" + "CK" };

        Assert.DoesNotContain(files, file => !file.EndsWith("/SourceTests.cs", StringComparison.Ordinal)
            && marks.Any(mark => Repository.Read(file).Contains(mark, StringComparison.Ordinal)));
    }

    [Fact]
    public void Namespaces_of_the_library_follow_its_folders()
    {
        var wrong = from file in Repository.Files("src/Countersign", "*.cs")
                    let folder = Path.GetDirectoryName(file)!.Replace("src/", "", StringComparison.Ordinal).Replace('/', '.')
                    where !Repository.Read(file).Contains($"namespace {folder};", StringComparison.Ordinal)
                    select file;

        Assert.Empty(wrong);
    }

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")]
    private static partial Regex Words();
}
