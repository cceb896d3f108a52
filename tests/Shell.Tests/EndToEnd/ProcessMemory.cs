using System.Globalization;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>All that a process has in its memory, read through /proc: what a core dump would hold.</summary>
internal static class ProcessMemory
{
    private const int PartBytes = 16 * 1024 * 1024;
    private const int LongestSecretBytes = 256;

    /// <summary>The names of those secrets that are in it, and how many bytes were read.</summary>
    public static (IReadOnlySet<string> Found, long Bytes) Search(int process, IReadOnlyList<SecretForms> secrets)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var total = 0L;
        var part = new byte[PartBytes];
        using var memory = File.OpenHandle($"/proc/{process}/mem");
        foreach (var (start, end) in Regions(process))
        {
            for (var at = start; at < end;)
            {
                var wanted = (int)Math.Min(PartBytes, end - at);
                var read = TryRead(memory, part.AsSpan(0, wanted), at);
                if (read == 0)
                {
                    break;
                }

                total += read;
                foreach (var secret in secrets.Where(secret => !found.Contains(secret.Name) && secret.AreIn(part.AsSpan(0, read))))
                {
                    found.Add(secret.Name);
                }

                // Overlapping, so that nothing is cut in two.
                at += read < wanted || at + read >= end ? read : read - LongestSecretBytes;
            }
        }

        return (found, total);
    }

    private static int TryRead(Microsoft.Win32.SafeHandles.SafeFileHandle memory, Span<byte> target, long at)
    {
        try
        {
            return RandomAccess.Read(memory, target, at);
        }
        catch (IOException)
        {
            return 0; // gone since the map was read, or a device's
        }
    }

    private static IEnumerable<(long Start, long End)> Regions(int process)
    {
        foreach (var line in File.ReadLines($"/proc/{process}/maps"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var ends = words[0].Split('-');
            var end = ulong.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (words[1][0] == 'r' && end <= long.MaxValue && !line.EndsWith("[vvar]", StringComparison.Ordinal))
            {
                yield return (long.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), (long)end);
            }
        }
    }
}
