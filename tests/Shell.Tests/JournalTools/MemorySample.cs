namespace Nitro.Shell.Tests.JournalTools;

/// <summary>The most that the managed heap held after any collection while it was watched.</summary>
internal sealed class MemorySample : IDisposable
{
    private readonly Timer timer;
    private long peak;

    public MemorySample() => timer = new Timer(_ => Look(), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));

    /// <summary>In bytes.</summary>
    public long Peak => Interlocked.Read(ref peak);

    public void Dispose() => timer.Dispose();

    private void Look()
    {
        var held = GC.GetTotalMemory(forceFullCollection: true);
        long known;
        while (held > (known = Peak) && Interlocked.CompareExchange(ref peak, held, known) != known)
        {
        }
    }
}
