using Nitro.Ports;

namespace Nitro.Journal;

/// <summary>
/// Keeps a second process out of a journal: an exclusive lock of the system on <c>&lt;journal&gt;.lock</c>, which ends with the
/// process however it ends. The file itself stays: deleting it would let two processes hold "the" lock.
/// </summary>
internal sealed class JournalLock : IDisposable
{
    // EAGAIN on Linux, EAGAIN on macOS, ERROR_SHARING_VIOLATION on Windows.
    private static readonly int[] HeldErrors = [11, 35, unchecked((int)0x80070020)];

    private readonly FileStream file;

    private JournalLock(FileStream file) => this.file = file;

    /// <exception cref="JournalException">Another process holds the lock, or the file cannot be made.</exception>
    internal static JournalLock Take(string journalPath)
    {
        var path = journalPath + ".lock";
        try
        {
            if (System.IO.Path.GetDirectoryName(path) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }

            return new JournalLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
        }
        catch (IOException e) when (HeldErrors.Contains(e.HResult))
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The journal {journalPath} is in use: another node process holds {path}. A journal has one writer. "
                + $"Stop that process (`fuser {path}` names it) or give this node another journal.",
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JournalException(
                JournalFailure.Permanent,
                $"The lock file {path} cannot be opened: {e.Message} Check that the folder exists and this user may write to it.",
                e);
        }
    }

    public void Dispose() => file.Dispose();
}
