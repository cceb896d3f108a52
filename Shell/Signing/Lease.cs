using System.Globalization;
using System.Text;
using Nitro.Storage;

namespace Nitro.Signing;

/// <summary>
/// The right to sign with a key's memory: one signer has it at a time. The next waits until it is free, or asks for it and waits until it
/// was let go. Each holder's number is greater than the one before; the memory takes no change under an older one, so a holder that only
/// believes that it still is one signs nothing.
/// </summary>
internal sealed class Lease : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private readonly FileStream hold;
    private readonly string folder;

    private Lease(FileStream hold, string folder, ulong token) => (this.hold, this.folder, Token) = (hold, folder, token);

    /// <summary>The number of this holder.</summary>
    internal ulong Token { get; }

    /// <summary>Waits for the lease.</summary>
    /// <param name="folder">Where the memory is; made when absent.</param>
    /// <param name="takeOver">Ask the present holder to let go.</param>
    /// <param name="waiting">Told once, before the wait, who has it: a line that says so.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="MarksException">The folder cannot be used, or the number that stands there cannot be read.</exception>
    internal static async Task<Lease> AcquireAsync(string folder, bool takeOver, Action<string> waiting, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var isTold = false;
            while (true)
            {
                if (TryHold(folder) is { } hold)
                {
                    return Begin(hold, folder);
                }

                // Taken away by a holder that came between; then it is asked anew.
                if (takeOver && !File.Exists(WantedPath(folder)))
                {
                    await File.WriteAllTextAsync(WantedPath(folder), Holder(), cancellationToken);
                }

                if (!isTold)
                {
                    waiting(Present(folder));
                    isTold = true;
                }

                await Task.Delay(LookEvery, cancellationToken);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarksException($"The lease in {folder} cannot be used: {e.Message} Make the folder writable for the signer.", e);
        }
    }

    /// <summary>Ends when another signer asks for the lease; then the memory is closed and this one disposed.</summary>
    /// <returns>Who asks.</returns>
    internal async Task<string> AskedForAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (File.Exists(WantedPath(folder)))
            {
                return Read(WantedPath(folder));
            }

            await Task.Delay(LookEvery, cancellationToken);
        }
    }

    public void Dispose() => hold.Dispose();

    private static Lease Begin(FileStream hold, string folder)
    {
        try
        {
            var token = Number(folder) + 1;
            var next = HolderPath(folder) + ".new";
            using (var file = new FileStream(next, FileMode.Create, FileAccess.Write))
            {
                file.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{token}\n{Holder()}\n")));
                file.Flush(flushToDisk: true);
            }

            DurableMove.Move(next, HolderPath(folder), overwrite: true);
            File.Delete(WantedPath(folder));
            return new Lease(hold, folder, token);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    private static ulong Number(string folder)
    {
        if (!File.Exists(HolderPath(folder)))
        {
            return 0;
        }

        var line = Read(HolderPath(folder));
        return ulong.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new MarksException(
                $"{HolderPath(folder)} does not begin with a number, so it is unknown who may sign. Write there, in one line, a number that is greater "
                + "than any holder's before.");
    }

    /// <summary>Nothing where another process has it.</summary>
    private static FileStream? TryHold(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lease.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(Path.Combine(folder, "lease.lock")))
        {
            return null;
        }
    }

    private static string Present(string folder) =>
        File.Exists(HolderPath(folder)) && File.ReadAllLines(HolderPath(folder)) is [_, var holder, ..] ? holder : "a signer that says nothing of itself";

    private static string Read(string path) => File.ReadLines(path).FirstOrDefault("");

    private static string Holder() => string.Create(
        CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}, since {DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm:ss}Z");

    private static string HolderPath(string folder) => Path.Combine(folder, "lease");

    private static string WantedPath(string folder) => Path.Combine(folder, "lease.wanted");
}
