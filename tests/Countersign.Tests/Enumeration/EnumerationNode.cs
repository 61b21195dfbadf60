using System.Data.Common;
using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Faults.Suite;
using Countersign.Tests.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Countersign.Tests.Enumeration;

/// <summary>The server as it is shipped, in a process of its own; or, where it is asked for, with a mistake that tells addresses apart.</summary>
static class EnumerationNode
{
    public static async Task<int> RunAsync(string[] args)
    {
        await using var app = Countersign.Server.Program.Build(args, builder =>
        {
            var own = builder.Configuration.GetSection("EnumerationNode");
            var (delay, asksTwice) = (own.GetValue<TimeSpan>("DelayTaken"), own.GetValue<bool>("AskTwice"));
            if (delay == TimeSpan.Zero && !asksTwice)
                return;
            var engine = builder.Services.Last(service => service.ServiceType == typeof(ISqlEngine)).ImplementationFactory!;
            builder.Services.AddSingleton<ISqlEngine>(provider => new TellingEngine((ISqlEngine)engine(provider), delay, asksTwice));
        });
        _ = FaultNode.EndWithAsync(app.Configuration.GetValue<int>("EnumerationNode:Parent"));
        await app.RunAsync();
        return 0;
    }

    /// <summary>What somebody might write who means well: it looks once more at the owner of an address, if there is one.</summary>
    sealed class TellingEngine(ISqlEngine engine, TimeSpan delay, bool asksTwice) : PassingEngine(engine)
    {
        public override async Task<T> ReadAsync<T>(SqlStatement statement, Func<DbDataReader, T> read, CancellationToken ct) =>
            await LookAgainAsync(await base.ReadAsync(statement, read, ct), ct);

        public override async Task<(TFirst First, TSecond Second)> ReadBothAsync<TFirst, TSecond>(
            SqlStatement first, Func<DbDataReader, TFirst> readFirst, SqlStatement second, Func<DbDataReader, TSecond> readSecond, CancellationToken ct)
        {
            var (loaded, other) = await base.ReadBothAsync(first, readFirst, second, readSecond, ct);
            return (await LookAgainAsync(loaded, ct), other);
        }

        async Task<T> LookAgainAsync<T>(T result, CancellationToken ct)
        {
            if (result is not LoadedAccount { Account: { } account, NewKeyOwner: { KeptUntil: null } owner } || owner.UserId == account.UserId)
                return result;

            if (asksTwice)
            {
                var again = new SqlStatement(AccountSql.FindOwner, ("@key_type", owner.Address.KeyType.Name()), ("@canonical", owner.Address.Canonical));
                await base.ReadAsync(again, reader => reader.Read(), ct);
            }

            // Of the processor, and not of a timer, which cannot wait for less than a millisecond.
            var start = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(start) < delay)
                Thread.SpinWait(10);
            return result;
        }
    }
}
