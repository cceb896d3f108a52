using Nitro.Ports;

namespace Nitro.Ethereum.Store;

/// <summary>The newest final blocks that the sink has taken, by height: how far the follower is, and what a re-org is recognised by.</summary>
internal sealed class FinalBlocks
{
    private readonly ChainStore _store;
    private readonly int _keep;
    private readonly SortedList<long, ChainHead> _kept = [];

    public FinalBlocks(ChainStore store, int keep)
    {
        _store = store;
        _keep = Math.Max(1, keep);
        foreach (var head in store.Rows(
            "SELECT height, hash, time FROM final ORDER BY height",
            row => new ChainHead(row.GetInt64(0), (byte[])row.GetValue(1), row.GetInt64(2))))
        {
            _kept[head.Height] = head;
        }
    }

    public ChainHead? Newest => _kept.Count == 0 ? null : _kept.Values[_kept.Count - 1];

    public IReadOnlyList<ChainHead> Kept => [.. _kept.Values];

    /// <summary>Hash of block 0 of the chain followed: two chains with one id still differ in it.</summary>
    public string? Genesis
    {
        get => _store.Meta("genesis");
        set => _store.SetMeta("genesis", value ?? throw new ArgumentNullException(nameof(value)));
    }

    /// <summary>Adds blocks above the newest and drops the oldest beyond the bound.</summary>
    public void Advance(IReadOnlyList<ChainHead> blocks)
    {
        var oldest = blocks[^1].Height - _keep;
        _store.Atomically(() =>
        {
            foreach (var block in blocks)
            {
                _store.Execute(
                    "INSERT OR REPLACE INTO final (height, hash, time) VALUES ($height, $hash, $time)",
                    ("$height", block.Height),
                    ("$hash", block.BlockHash.ToArray()),
                    ("$time", block.TimeSeconds));
            }

            _store.Execute("DELETE FROM final WHERE height <= $oldest", ("$oldest", oldest));
        });
        foreach (var block in blocks)
        {
            _kept[block.Height] = block;
        }

        while (_kept.Count > 0 && _kept.Keys[0] <= oldest)
        {
            _kept.RemoveAt(0);
        }
    }

    /// <summary>Forgets every block from this height on.</summary>
    public void Retract(long height)
    {
        _store.Execute("DELETE FROM final WHERE height >= $height", ("$height", height));
        while (_kept.Count > 0 && _kept.Keys[_kept.Count - 1] >= height)
        {
            _kept.RemoveAt(_kept.Count - 1);
        }
    }
}
