using System.Text.Json;
using Nitro.Storage;

namespace Nitro.Signing.Calls;

/// <summary>The devices that are enrolled, in <c>devices.json</c>; a change of the file counts from the next call on.</summary>
public sealed class DeviceList
{
    private readonly string _path;
    private readonly Lock _gate = new();
    private Dictionary<string, byte[]> _keys = [];
    private DateTime _read = DateTime.MinValue;

    /// <exception cref="StorageException">The list is there and cannot be read.</exception>
    public DeviceList(string path)
    {
        _path = path;
        Refresh();
    }

    /// <summary>Puts a device on the list; durable when it returns. One with the same key is replaced.</summary>
    /// <exception cref="StorageException">That is no key of a device, or the list cannot be used.</exception>
    public static void Enrol(string path, string name, string publicKey)
    {
        var device = new Device(name, publicKey.Trim().ToLowerInvariant());
        if (KeyOf(device) is null)
        {
            throw new StorageException("That is no public key of a device: give the 130 hexadecimal digits that 'nitro device new' printed.");
        }

        var others = Load(path).Where(known => known.PublicKey != device.PublicKey);
        OwnedFile.Write("The list of devices", path, JsonSerializer.SerializeToUtf8Bytes(others.Append(device), JsonSerializerOptions.Web));
    }

    /// <summary>The public key that a credential stands for, or null: no such device is enrolled.</summary>
    /// <exception cref="StorageException">The list was changed and cannot be read now.</exception>
    public byte[]? Find(ReadOnlySpan<byte> credential)
    {
        lock (_gate)
        {
            Refresh();
            return _keys.GetValueOrDefault(Convert.ToHexStringLower(credential));
        }
    }

    private static List<Device> Load(string path)
    {
        try
        {
            var devices = OwnedFile.TryRead(path) is { } bytes ? JsonSerializer.Deserialize<List<Device>>(bytes, JsonSerializerOptions.Web) ?? [] : [];
            return devices.TrueForAll(device => KeyOf(device) is not null) ? devices : throw new JsonException("a publicKey is none.");
        }
        catch (JsonException e)
        {
            throw new StorageException($"The list of devices {path} is damaged: {e.Message} Mend it, or delete it and enrol the devices again.", e);
        }
    }

    private static byte[]? KeyOf(Device device) =>
        device is { PublicKey.Length: 2 * DeviceSignature.PublicKeyBytes } && device.PublicKey.StartsWith("04", StringComparison.Ordinal)
        && device.PublicKey.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(device.PublicKey)
            : null;

    private void Refresh()
    {
        var written = File.GetLastWriteTimeUtc(_path);
        if (written != _read)
        {
            _keys = Load(_path).Select(device => KeyOf(device)!).ToDictionary(key => Convert.ToHexStringLower(DeviceSignature.CredentialOf(key)));
            _read = written;
        }
    }
}
