using System.Globalization;
using System.Text;

namespace Countersign.Server.Console;

/// <summary>A line of a chart; null where there is nothing to say of a step.</summary>
sealed record ChartSeries(string Name, IReadOnlyList<double?> Values);

/// <summary>A chart of steps of time: each value is as wide as what it was counted in, and what was not measured has no line.</summary>
/// <param name="Id">Nowhere else on the page.</param>
/// <param name="Title">What is drawn.</param>
/// <param name="Unit">Of the values, in words.</param>
/// <param name="Starts">When each step begins.</param>
/// <param name="Format">A value as text.</param>
sealed record Chart(
    string Id, string Title, string Unit, IReadOnlyList<DateTimeOffset> Starts, IReadOnlyList<ChartSeries> Series, Func<double, string> Format, bool HasDaysOnly)
{
    /// <summary>The drawing is stretched to the width that there is; its text stands beside it.</summary>
    public const int Width = 600;
    public const int Height = 160;

    static readonly double[] Digits = [1, 2, 5, 10];

    public bool IsEmpty => Series.All(series => series.Values.All(value => value is null or 0));

    /// <summary>The top of the scale: 1, 2 or 5 with zeros, and not less than the highest value.</summary>
    public double Top
    {
        get
        {
            var highest = Series.SelectMany(series => series.Values).Max() ?? 0;
            if (highest <= 0)
                return 1;
            var power = Math.Pow(10, Math.Floor(Math.Log10(highest)));
            return Digits.Select(digit => digit * power).First(top => top >= highest * 0.999_999);
        }
    }

    /// <summary>The description that stands in for the drawing: the whole of it is in the table.</summary>
    public string Description => IsEmpty
        ? $"Nothing between {Label(Starts[0])} and now."
        : string.Join(' ', Series.Select(series => series.Values.Any(value => value is not null)
            ? $"{series.Name}: between {Format(series.Values.Min() ?? 0)} and {Format(series.Values.Max() ?? 0)} {Unit}."
            : $"{series.Name}: nothing.")) + " The table below has every value.";

    public string Label(DateTimeOffset at) => at.UtcDateTime.ToString(HasDaysOnly ? "d MMM" : "d MMM HH:mm", CultureInfo.InvariantCulture);

    /// <summary>The line of a series as the data of an SVG path: a step to each value, and a gap where there is none.</summary>
    public string Path(ChartSeries series)
    {
        var path = new StringBuilder();
        var (step, top, isDrawing) = ((double)Width / Math.Max(1, series.Values.Count), Top, false);
        for (var i = 0; i < series.Values.Count; i++)
        {
            if (series.Values[i] is not { } value)
            {
                isDrawing = false;
                continue;
            }

            // Half of the line would be outside at the very top and bottom.
            var y = 2 + ((Height - 4) * (1 - (value / top)));
            if (isDrawing)
                path.Append(CultureInfo.InvariantCulture, $"V{y:0.#}H{(i + 1) * step:0.#}");
            else
                path.Append(CultureInfo.InvariantCulture, $"M{i * step:0.#} {y:0.#}H{(i + 1) * step:0.#}");
            isDrawing = true;
        }

        return path.ToString();
    }
}
