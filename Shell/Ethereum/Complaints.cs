namespace Nitro.Ethereum;

/// <summary>What is wrong at present, one complaint for each part of the adapter; the newest is shown.</summary>
internal sealed class Complaints
{
    private readonly Lock _gate = new();
    private readonly List<(string Part, string Text)> _open = [];

    public string Newest
    {
        get
        {
            lock (_gate)
            {
                return _open.Count == 0 ? string.Empty : _open[^1].Text;
            }
        }
    }

    public void Set(string part, string text)
    {
        lock (_gate)
        {
            _open.RemoveAll(one => one.Part == part);
            _open.Add((part, text));
        }
    }

    public void Clear(string part)
    {
        lock (_gate)
        {
            _open.RemoveAll(one => one.Part == part);
        }
    }
}
