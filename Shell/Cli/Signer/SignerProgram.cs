using System.Diagnostics;

namespace Nitro.Cli.Signer;

/// <summary>The program <c>nitro-signer</c>, which shares no process with a node: how it is started from here.</summary>
internal static class SignerProgram
{
    /// <summary>What starts it; streams are the caller's to set.</summary>
    public static ProcessStartInfo Start(IEnumerable<string> arguments)
    {
        var self = Environment.ProcessPath ?? "dotnet";
        var isHosted = Path.GetFileNameWithoutExtension(self).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        var beside = Path.Combine(AppContext.BaseDirectory, isHosted ? "nitro-signer.dll" : "nitro-signer");
        var start = new ProcessStartInfo(isHosted ? self : beside) { UseShellExecute = false };
        if (isHosted)
        {
            start.ArgumentList.Add(beside);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}
