namespace Nitro.Cli.Demo;

/// <summary>What <c>nitro demo</c> was asked for.</summary>
/// <param name="Payments">How many payments go through the payment channel.</param>
/// <param name="LedgersOnly">Opens and closes the ledger channels and pays nothing.</param>
/// <param name="RemoteSigner">Keys at signers, each a process of its own; one is killed halfway.</param>
/// <param name="Journal">Where the nodes keep their journals, as <c>journal</c> of a configuration; null: in files.</param>
/// <param name="Keep">Leaves the folder with journals and logs in place.</param>
internal sealed record DemoOptions(int Payments, bool LedgersOnly, bool RemoteSigner, string? Journal, bool Keep);
