using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Countersign.Delivery;

/// <summary>How a value is told in HTML. Character by character: of two texts side by side it is what it is of each.</summary>
static class MessageHtml
{
    /// <summary>Letters of every language stay readable in the source of a mail.</summary>
    static readonly Func<string, string> Html = HtmlEncoder.Create(UnicodeRanges.All).Encode;

    public static string Encode(string text) => Isolation.ToHtml(text, Html);

    /// <summary>For where there can be no elements.</summary>
    public static string EncodeTitle(string text) => Html(Isolation.Without(text));
}
