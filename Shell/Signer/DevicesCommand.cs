using Nitro.Signing.Calls;

namespace Nitro.Signer;

/// <summary><c>nitro-signer devices enrol</c>: lets a device's signed calls count here.</summary>
internal static class DevicesCommand
{
    private const string Usage =
        """
        nitro-signer devices enrol KEY   let calls count that the device with this public key ('nitro device new' prints it) signed

          --name NAME                    of the device, for people
          --data-directory FOLDER        the signer's folder (./signer); the list is 'devices.json' in it, to be edited by hand too
        """;

    /// <summary>Runs what follows <c>devices</c>; what to say.</summary>
    /// <exception cref="SignerSetupException">It is not understood.</exception>
    /// <exception cref="Nitro.Storage.StorageException">That is no key, or the list cannot be used.</exception>
    public static string Run(IReadOnlyList<string> args)
    {
        var (options, key, name) = (new SignerOptions(), "", "device");
        for (var i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--help" or "-h":
                    return Usage;
                case "enrol" when i == 0 && i + 1 < args.Count:
                    key = args[++i];
                    break;
                case "--name" when i + 1 < args.Count:
                    name = args[++i];
                    break;
                case "--data-directory" when i + 1 < args.Count:
                    options = options with { DataDirectory = args[++i] };
                    break;
                default:
                    throw new SignerSetupException($"'devices' does not take '{args[i]}' there: 'nitro-signer devices --help' tells what it takes.");
            }
        }

        if (key == "")
        {
            throw new SignerSetupException("'devices' takes enrol and a public key: 'nitro-signer devices --help' tells more.");
        }

        DeviceList.Enrol(options.DevicesPath, name, key);
        return $"{name} is enrolled in {options.DevicesPath}; a signer at work knows it from now on.";
    }
}
