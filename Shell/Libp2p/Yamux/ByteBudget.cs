namespace Nitro.Libp2p.Yamux;

/// <summary>How many received bytes may wait to be read, for one connection within all of them.</summary>
internal sealed class ByteBudget(long limit, ByteBudget? parent = null)
{
    private long _held;

    /// <summary>Bytes held now.</summary>
    internal long Held => Interlocked.Read(ref _held);

    internal bool TryTake(int count)
    {
        if (Interlocked.Add(ref _held, count) <= limit && (parent is null || parent.TryTake(count)))
        {
            return true;
        }

        Interlocked.Add(ref _held, -count);
        return false;
    }

    internal void Return(int count)
    {
        Interlocked.Add(ref _held, -count);
        parent?.Return(count);
    }
}
