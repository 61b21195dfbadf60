using Countersign.Domain;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Countersign;

/// <summary>The options as they are now. A change to a bad setting while the process runs is logged and not taken up.</summary>
sealed partial class LiveOptions(IOptionsMonitor<CountersignOptions> monitor, ILogger<LiveOptions> log)
{
    volatile Snapshot? last;
    volatile string? lastError;

    public CountersignOptions Options => Current.Options;

    public Rules Rules => Current.Rules;

    Snapshot Current
    {
        get
        {
            CountersignOptions options;
            try
            {
                options = monitor.CurrentValue;
            }
            catch (Exception e) when (last is not null && e is OptionsValidationException or InvalidOperationException)
            {
                if (lastError != e.Message)
                    LogBadSetting(e.Message);
                lastError = e.Message;
                return last!;
            }

            if (last?.Options != options)
                last = new Snapshot(options, options.ToRules());
            return last!;
        }
    }

    [LoggerMessage(LogLevel.Error, "The changed configuration is not taken up: {Reason}")]
    partial void LogBadSetting(string reason);

    sealed record Snapshot(CountersignOptions Options, Rules Rules);
}
