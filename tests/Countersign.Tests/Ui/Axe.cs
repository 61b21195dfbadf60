using Countersign.Tests.Hosting;
using Microsoft.Playwright;

namespace Countersign.Tests.Ui;

/// <summary>axe-core on a page as it stands, its shadow roots included: WCAG 2.0 to 2.2 at levels A and AA, and axe's own best practices.</summary>
static class Axe
{
    // Handed over by the debugger, whom the policy of the page does not stop.
    static readonly Lazy<string> Source = new(() => File.ReadAllText(Peers.Package("axe-core/axe.min.js")));

    /// <summary>Of a frame that may run nothing it could say nothing: it looks at the page itself.</summary>
    const string Run =
        """
        async (onlyColours) => {
          const settle = (root) => {
            for (const animation of root.getAnimations())
              if (Number.isFinite(animation.effect?.getComputedTiming().endTime)) animation.finish();
            for (const element of root.querySelectorAll("*"))
              if (element.shadowRoot) settle(element.shadowRoot);
          };
          // Colours on their way from one to another are nobody's.
          settle(document);
          const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
          const runOnly = onlyColours ? { type: "rule", values: ["color-contrast", "link-in-text-block"] } : { type: "tag", values: tags };
          const { passes, violations } = await axe.run(document, { iframes: false, resultTypes: ["violations"], runOnly });
          if (passes.length + violations.length < (onlyColours ? 1 : 10)) throw new Error(`axe looked at next to nothing: ${passes.length} rules.`);
          return violations.flatMap(({ id, help, nodes }) =>
            nodes.map(({ target, html, failureSummary }) => `${id}: ${help}\n  at ${target.flat().join(" >>> ")}\n  ${html}\n  ${failureSummary}`));
        }
        """;

    /// <summary>Fails with rule, place and markup of each finding, in light and in dark.</summary>
    /// <param name="state">What the page shows, for the message.</param>
    public static async Task AssertFindsNothingAsync(IPage page, string state)
    {
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = scheme });
            // In the dark nothing but the colours is another.
            var findings = await FindAsync(page, onlyColours: scheme == ColorScheme.Dark);
            Assert.True(findings.Length == 0, $"axe on {state}, {scheme}:\n{string.Join('\n', findings)}");
        }

        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Null });
    }

    public static async Task<string[]> FindAsync(IPage page, bool onlyColours = false)
    {
        if (!await page.EvaluateAsync<bool>("typeof axe === 'object'"))
            await page.EvaluateAsync(Source.Value);
        return await page.EvaluateAsync<string[]>(Run, onlyColours);
    }
}
