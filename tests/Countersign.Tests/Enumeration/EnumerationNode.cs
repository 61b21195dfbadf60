using Countersign.Domain;
using Countersign.Stores;
using Countersign.Tests.Faults.Suite;
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
            builder.Services.AddSingleton<SqlAccountStore>();
            builder.Services.AddSingleton<IAccountStore>(provider => new TellingStore(provider.GetRequiredService<SqlAccountStore>(), delay, asksTwice));
        });
        _ = FaultNode.EndWithAsync(app.Configuration.GetValue<int>("EnumerationNode:Parent"));
        await app.RunAsync();
        return 0;
    }

    /// <summary>What somebody might write who means well: it looks once more at the owner of an address, if there is one.</summary>
    sealed class TellingStore(IAccountStore store, TimeSpan delay, bool asksTwice) : IAccountStore
    {
        public async Task<LoadedAccount> LoadAsync(string userId, Address? newKey, CancellationToken ct)
        {
            var loaded = await store.LoadAsync(userId, newKey, ct);
            if (loaded.NewKeyOwner is not { KeptUntil: null } owner || owner.UserId == userId)
                return loaded;
            if (asksTwice)
                await store.FindOwnerAsync(owner.Address, ct);
            // Of the processor, and not of a timer, which cannot wait for less than a millisecond.
            var until = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(until) < delay)
                Thread.SpinWait(10);
            return loaded;
        }

        public Task<AddressOwner?> FindOwnerAsync(Address address, CancellationToken ct) => store.FindOwnerAsync(address, ct);

        public Task<bool> TryCommitAsync(Commit commit, CancellationToken ct) => store.TryCommitAsync(commit, ct);

        public Task<IReadOnlyList<LimitState>> LoadLimitsAsync(IReadOnlyList<Limit> limits, CancellationToken ct) => store.LoadLimitsAsync(limits, ct);

        public Task<KeptAnswer?> FindAnswerAsync(string userId, byte[] key, DateTimeOffset now, CancellationToken ct) => store.FindAnswerAsync(userId, key, now, ct);

        public Task<StoredUndo?> FindUndoAsync(string id, CancellationToken ct) => store.FindUndoAsync(id, ct);

        public Task<IReadOnlyList<AuditEvent>> ReadEventsAsync(string userId, int limit, CancellationToken ct) => store.ReadEventsAsync(userId, limit, ct);
    }
}
