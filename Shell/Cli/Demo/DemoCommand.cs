using System.CommandLine;
namespace Nitro.Cli.Demo;
internal static class DemoCommand { public static Command Create() => new("demo", "x"); }
