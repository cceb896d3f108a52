namespace Nitro.Shell.Tests.Ethereum;

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nitro-chain-");

    public string Store => Path.Combine(_folder.FullName, "chain.db");

    public void Dispose() => _folder.Delete(recursive: true);
}
