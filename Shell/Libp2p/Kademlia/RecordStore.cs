namespace Nitro.Libp2p.Kademlia;

/// <summary>The records that are kept: valid ones only, the best for each key, not too many, not too old.</summary>
internal sealed class RecordStore(KadOptions options, IReadOnlyDictionary<string, IRecordValidator> validators, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredRecord> _records = new(StringComparer.Ordinal);

    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _records.Count;
            }
        }
    }

    /// <summary>The validator of a key's namespace; null for keys that nobody here keeps.</summary>
    internal IRecordValidator? ValidatorOf(ReadOnlySpan<byte> key)
    {
        var text = Text(key);
        var end = text.IndexOf('/', Math.Min(1, text.Length));
        return text.StartsWith('/') && end > 1 && validators.TryGetValue(text[1..end], out var found) ? found : null;
    }

    /// <summary>Whether a record is one that may be kept at all.</summary>
    internal bool IsValid(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        key.Length <= options.MaxKey && value.Length <= options.MaxValue
        && ValidatorOf(key)?.IsValid(key, value, time.GetUtcNow()) == true;

    /// <summary>Keeps a record unless it is invalid, or worse than the one that is there. An equal one takes its place.</summary>
    internal bool TryPut(ReadOnlySpan<byte> key, byte[] value)
    {
        if (!IsValid(key, value))
        {
            return false;
        }

        var (text, validator, now) = (Text(key), ValidatorOf(key)!, time.GetUtcNow());
        lock (_gate)
        {
            if (_records.TryGetValue(text, out var stored))
            {
                if (!IsOld(stored, now) && validator.Select([value, stored.Value]) != 0)
                {
                    return false;
                }
            }
            else if (_records.Count >= options.MaxRecords && !TryMakeRoom(now))
            {
                return false;
            }

            _records[text] = new StoredRecord(value, now);
            return true;
        }
    }

    /// <summary>The record for a key, unless it is too old.</summary>
    internal StoredRecord? Find(ReadOnlySpan<byte> key)
    {
        var text = Text(key);
        lock (_gate)
        {
            if (!_records.TryGetValue(text, out var stored))
            {
                return null;
            }

            if (!IsOld(stored, time.GetUtcNow()))
            {
                return stored;
            }

            _records.Remove(text);
            return null;
        }
    }

    // One character a byte: keys may be any bytes.
    private static string Text(ReadOnlySpan<byte> key) => System.Text.Encoding.Latin1.GetString(key);

    private bool IsOld(StoredRecord record, DateTimeOffset now) => now - record.Received > options.MaxRecordAge;

    private bool TryMakeRoom(DateTimeOffset now)
    {
        foreach (var (key, record) in _records)
        {
            if (IsOld(record, now))
            {
                _records.Remove(key);
            }
        }

        return _records.Count < options.MaxRecords;
    }
}
