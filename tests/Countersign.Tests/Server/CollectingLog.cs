using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Countersign.Tests.Server;

/// <summary>Keeps all that is logged: message, values, scopes and exceptions.</summary>
[ProviderAlias("Collecting")]
sealed class CollectingLog : ILoggerProvider, ISupportExternalScope
{
    IExternalScopeProvider scopes = new LoggerExternalScopeProvider();

    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

    public void Dispose()
    {
    }

    sealed class Logger(CollectingLog owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => owner.scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = new StringBuilder($"{logLevel} {category} {formatter(state, exception)} {exception}");
            Append(line, state);
            owner.scopes.ForEachScope((scope, text) => Append(text, scope), line);
            owner.Lines.Enqueue(line.ToString());
        }

        static void Append(StringBuilder line, object? state)
        {
            line.Append(' ').Append(state);
            if (state is IEnumerable<KeyValuePair<string, object?>> values)
                line.AppendJoin(' ', values.Select(value => $"{value.Key}={value.Value}"));
        }
    }
}
