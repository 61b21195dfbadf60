using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Countersign.Tests.Stores;

namespace Countersign.Tests.Delivery;

/// <summary>Listens to one node.</summary>
sealed class Metrics : IDisposable
{
    readonly MeterListener listener = new();
    readonly ConcurrentDictionary<string, double> values = new();

    public Metrics(IMeterFactory meters)
    {
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter.Scope == meters)
                listening.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
    }

    public Task CountsAsync(string name, double expected) =>
        Eventually.ThatAsync(() => values.GetValueOrDefault(name) == expected, $"{name} is {expected}");

    public (double Depth, double Dead, double OldestAge) Outbox() =>
        (Observed("countersign.outbox.depth"), Observed("countersign.outbox.dead"), Observed("countersign.outbox.oldest.age"));

    /// <summary>What a gauge says now.</summary>
    public double Observed(string name)
    {
        listener.RecordObservableInstruments();
        return values[name];
    }

    public void Dispose() => listener.Dispose();

    void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = string.Join(' ', tags.ToArray().Select(tag => $"{tag.Value}").Prepend(instrument.Name));
        values.AddOrUpdate(name, value, (_, known) => instrument.IsObservable ? value : known + value);
    }
}
