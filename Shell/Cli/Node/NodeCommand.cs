using System.CommandLine;
namespace Nitro.Cli.Node;
internal static class NodeCommand { public static Command Create() => new("node", "Runs a node"); }
