using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Countersign.Tests.Server;

/// <summary>Keeps all that is in the activities of this process, of whatever source.</summary>
sealed class CollectingActivities : IDisposable
{
    readonly ActivityListener listener;
    readonly ConcurrentDictionary<string, bool> names = [];

    public CollectingActivities()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                names[$"{activity.Source.Name}/{activity.OperationName}"] = true;
                Texts.Enqueue(Describe(activity));
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public ConcurrentQueue<string> Texts { get; } = [];

    public IEnumerable<string> Names => names.Keys;

    public void Dispose() => listener.Dispose();

    static string Describe(Activity activity)
    {
        var text = new StringBuilder($"{activity.Source.Name} {activity.OperationName} {activity.DisplayName} {activity.StatusDescription} {activity.TraceStateString}");
        foreach (var (name, value) in activity.TagObjects.Concat(activity.Baggage.Select(item => new KeyValuePair<string, object?>(item.Key, item.Value))))
            text.Append(CultureInfo.InvariantCulture, $" {name}={(value as System.Collections.IEnumerable is { } list and not string ? string.Join(',', list.Cast<object>()) : value)}");
        foreach (var e in activity.Events)
            text.Append(CultureInfo.InvariantCulture, $" {e.Name} {string.Join(' ', e.Tags.Select(tag => $"{tag.Key}={tag.Value}"))}");
        return text.ToString();
    }
}

/// <summary>Keeps the name and the tags of everything that is measured in this process.</summary>
sealed class CollectingMetrics : IDisposable
{
    readonly MeterListener listener = new() { InstrumentPublished = (instrument, meters) => meters.EnableMeasurementEvents(instrument) };
    readonly ConcurrentDictionary<string, bool> texts = [];

    public CollectingMetrics()
    {
        listener.SetMeasurementEventCallback<long>(Note);
        listener.SetMeasurementEventCallback<int>(Note);
        listener.SetMeasurementEventCallback<double>(Note);
        listener.Start();
    }

    public IEnumerable<string> Texts => texts.Keys;

    public void Observe() => listener.RecordObservableInstruments();

    public void Dispose() => listener.Dispose();

    void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        texts[$"{instrument.Meter.Name}/{instrument.Name} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}"] = true;
}
