using System.CommandLine;
using Nitro.Cli.Node;
using Nitro.Host;
using Nitro.Host.Options;
using Nitro.Signing.Calls;
using Nitro.Storage;

namespace Nitro.Cli.Signer;

/// <summary><c>nitro device</c>: keys with which callers sign what they ask of a node.</summary>
internal static class DeviceCommand
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create() => new("device", "Keys with which callers sign their calls: make one, and let a node take its signatures") { New(), Enrol() };

    private static Command New()
    {
        var file = new Argument<FileInfo>("file") { Description = "Where the key is, or is to be" };
        var make = new Command("new", "Make a device key, or read one, and print its public key") { file };
        make.SetAction(parse => Run(() =>
        {
            using var key = DeviceKey.LoadOrCreate(parse.GetRequiredValue(file).FullName);
            Console.Error.WriteLine("Enrol it: 'nitro device enrol <the line below>' where the node is, 'nitro signer devices enrol <the line below>' where its signer is");
            Console.WriteLine(Convert.ToHexStringLower(key.PublicKey));
        }));
        return make;
    }

    private static Command Enrol()
    {
        var key = new Argument<string>("key") { Description = "The public key that 'nitro device new' printed" };
        var name = new Option<string>("--name") { Description = "Of the device, for people", HelpName = "name", DefaultValueFactory = _ => "device" };
        var config = new Option<FileInfo?>("--config", "-c") { Description = "The node's configuration file", HelpName = NodeCommand.UsualFile };
        var tenant = new Option<string?>("--tenant", "-t") { Description = "At whose node, where there are several tenants", HelpName = "name" };
        var enrol = new Command("enrol", "Let a node take calls that this device signed") { key, name, config, tenant };
        enrol.SetAction(parse => Run(() =>
        {
            var options = NodeConfiguration.Load(NodeCommand.FileOf(parse.GetValue(config)), []);
            var path = DeviceEnrolment.Enrol(options, parse.GetValue(tenant), parse.GetRequiredValue(name), parse.GetRequiredValue(key));
            Console.WriteLine($"Enrolled in {path}; a node at work knows it from now on.");
        }));
        return enrol;
    }

    private static int Run(Action act)
    {
        try
        {
            act();
            return 0;
        }
        catch (Exception problem) when (problem is NodeOptionsException or StorageException)
        {
            Console.Error.WriteLine($"nitro: {problem.Message}");
            return 1;
        }
    }
}
