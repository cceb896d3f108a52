using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Nitro.Signing;

namespace Nitro.Signer.Keys;

/// <summary>
/// Words for a seed, by BIP39 with its English list. The text is bytes (ASCII, one space between words), so that it can be cleared; messages
/// name a word by its place only.
/// </summary>
internal static class Mnemonic
{
    private const int BitsOfWord = 11;
    private const int FreshEntropyBytes = 32;
    private const int SeedBytes = 64;
    private const int Rounds = 2048;
    private const int LongestWord = 8;

    private static readonly string[] Words = ReadWords();
    private static readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Places =
        Words.Index().ToDictionary(each => each.Item, each => each.Index, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>24 words from fresh randomness.</summary>
    public static byte[] Fresh()
    {
        var entropy = RandomNumberGenerator.GetBytes(FreshEntropyBytes);
        try
        {
            return Write(entropy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(entropy);
        }
    }

    /// <summary>The words for 16, 20, 24, 28 or 32 bytes.</summary>
    public static byte[] Write(ReadOnlySpan<byte> entropy)
    {
        Span<byte> bits = stackalloc byte[entropy.Length + 1];
        entropy.CopyTo(bits);
        bits[^1] = Checksum(entropy);
        var count = entropy.Length * 3 / 4;
        var text = new byte[count * (LongestWord + 1)];
        var length = 0;
        for (var i = 0; i < count; i++)
        {
            length += Encoding.ASCII.GetBytes(Words[ReadBits(bits, i * BitsOfWord)], text.AsSpan(length));
            text[length++] = (byte)' ';
        }

        var words = text[..(length - 1)];
        CryptographicOperations.ZeroMemory(text);
        CryptographicOperations.ZeroMemory(bits);
        return words;
    }

    /// <summary>What somebody typed, once it is right: small letters, one space between words. The caller clears it.</summary>
    /// <exception cref="KeyFileException">It is no mnemonic; the message names what is wrong by its place.</exception>
    public static byte[] Read(ReadOnlySpan<byte> typed)
    {
        Span<byte> bits = stackalloc byte[34];
        var text = new byte[typed.Length];
        try
        {
            typed.CopyTo(text);
            var count = 0;
            foreach (var range in Parts(text))
            {
                var place = count < 24 ? PlaceOf(text.AsSpan(range)) : throw WrongCount();
                if (place < 0)
                {
                    throw new KeyFileException($"Word {count + 1} is not in BIP39's English list. Check its spelling: the first four letters tell every word.");
                }

                WriteBits(bits, count++ * BitsOfWord, place);
            }

            if (count is not (12 or 15 or 18 or 21 or 24))
            {
                throw WrongCount();
            }

            var entropy = bits[..(count * 4 / 3)];
            var mask = (byte)(0xff << (8 - count / 3));
            if ((bits[entropy.Length] & mask) != (Checksum(entropy) & mask))
            {
                throw new KeyFileException("The words are all known, but their checksum is wrong: a word is another one, or two changed places.");
            }

            return Write(entropy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
            CryptographicOperations.ZeroMemory(bits);
        }
    }

    /// <summary>64 bytes; the caller clears them.</summary>
    /// <param name="words">As <see cref="Write"/> and <see cref="Read"/> give them.</param>
    /// <param name="passphrase">BIP39's own; a signer uses none.</param>
    public static byte[] Seed(ReadOnlySpan<byte> words, ReadOnlySpan<byte> passphrase = default) =>
        Rfc2898DeriveBytes.Pbkdf2(words, [.. "mnemonic"u8, .. passphrase], Rounds, HashAlgorithmName.SHA512, SeedBytes);

    private static KeyFileException WrongCount() => new("A mnemonic has 12, 15, 18, 21 or 24 words, one space between them.");

    private static byte Checksum(ReadOnlySpan<byte> entropy)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(entropy, hash);
        return hash[0];
    }

    private static int ReadBits(ReadOnlySpan<byte> bits, int at)
    {
        Span<byte> window = stackalloc byte[4];
        window.Clear();
        var from = at / 8;
        bits[from..Math.Min(from + 4, bits.Length)].CopyTo(window);
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(window) >> (32 - BitsOfWord - at % 8)) & ((1 << BitsOfWord) - 1);
    }

    private static void WriteBits(Span<byte> bits, int at, int value)
    {
        for (var i = 0; i < BitsOfWord; i++)
        {
            var bit = (value >> (BitsOfWord - 1 - i)) & 1;
            bits[(at + i) / 8] |= (byte)(bit << (7 - (at + i) % 8));
        }
    }

    private static List<Range> Parts(byte[] text)
    {
        var parts = new List<Range>();
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
            {
                if (i > start)
                {
                    parts.Add(start..i);
                }

                start = i + 1;
            }
        }

        return parts;
    }

    private static int PlaceOf(ReadOnlySpan<byte> word)
    {
        Span<char> letters = stackalloc char[LongestWord];
        if (word.Length > LongestWord)
        {
            return -1;
        }

        for (var i = 0; i < word.Length; i++)
        {
            letters[i] = char.ToLowerInvariant((char)word[i]);
        }

        return Places.TryGetValue(letters[..word.Length], out var place) ? place : -1;
    }

    private static string[] ReadWords()
    {
        using var list = typeof(Mnemonic).Assembly.GetManifestResourceStream("bip39-english.txt")
            ?? throw new InvalidOperationException("The program was built without its word list.");
        using var reader = new StreamReader(list, Encoding.ASCII);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
