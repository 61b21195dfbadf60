namespace Countersign.Bench.Load;

/// <summary>
/// Whose turn it is: places of accounts in the sample, from <paramref name="first"/> on, round and round among the <paramref name="span"/> that come from there, and past the end
/// of the sample back at its beginning.
/// </summary>
/// <param name="accounts">How many there are in the sample.</param>
/// <param name="count">How many tickets there are in all.</param>
/// <param name="repeat">How often each account comes in a row.</param>
sealed class Tickets(int first, int span, int accounts, long count, int repeat = 1)
{
    public const int None = -1;

    /// <summary>This one alone; or, where they were dealt out, the shares of all.</summary>
    IReadOnlyList<Share> shares = [new Share(0, 1)];

    /// <summary>How many were handed out: the request of each has been answered, once the run is over.</summary>
    public int Taken => shares.Sum(share => share.Taken);

    /// <summary>So many, from the first on, were all handed out.</summary>
    public int TakenInOrder => (int)shares.Min(share => share.Turn);

    public int At(long turn) => (int)((first + (turn / repeat % span)) % accounts);

    /// <summary>Where all draw from one pile.</summary>
    public IReadOnlyList<Func<int>> Together() => [() => Next(shares[0])];

    /// <summary>Dealt out by the places of accounts, so that an account comes at the same hand each time, in this run and in any other.</summary>
    public IReadOnlyList<Func<int>> Dealt(int hands)
    {
        shares = [.. Enumerable.Range(0, hands).Select(hand => new Share(hand, hands))];
        return [.. shares.Select(share => (Func<int>)(() => Next(share)))];
    }

    int Next(Share share)
    {
        while (share.Turn < count)
        {
            var place = At(share.Turn++);
            if (!share.Has(place))
                continue;
            share.Taken++;
            return place;
        }

        return None;
    }

    /// <summary>Taken from by the one thread that all connections have.</summary>
    sealed class Share(int hand, int hands)
    {
        /// <summary>The next that was not looked at.</summary>
        public long Turn { get; set; }

        public int Taken { get; set; }

        public bool Has(int place) => place % hands == hand;
    }
}
