using System.Numerics;
using System.Text;
using System.Text.Json;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;

namespace Nitro.Devnet;

/// <summary>The contracts of a development chain: addresses of 20 bytes, and the gas that each took.</summary>
public sealed record Deployment(DeployedContract NitroAdjudicator, DeployedContract ConsensusApp, DeployedContract VirtualPaymentApp, DeployedContract Token)
{
    private const string Contracts = "node_modules/@statechannels/nitro-protocol/dist/artifacts/contracts";
    private const string Tokens = "node_modules/@openzeppelin/contracts/build/contracts";

    /// <summary>The test token's supply, 10^24 units, all of them the deployer's.</summary>
    public static BigInteger TokenSupply { get; } = BigInteger.Pow(10, 24);

    /// <summary>
    /// Deploys adjudicator, consensus app, virtual payment app and the ERC-20 token, in this order, from the artifacts in an npm folder.
    /// From an account that has sent nothing yet the addresses are always the same.
    /// </summary>
    /// <exception cref="DevnetException">An artifact is missing, or a deployment failed.</exception>
    public static async Task<Deployment> DeployAsync(DevnetWallet wallet, string devnetFolder, CancellationToken cancellationToken)
    {
        async Task<DeployedContract> DeployOneAsync(string artifact, byte[] arguments)
        {
            var code = await CreationCodeAsync(Path.Combine(devnetFolder, artifact), cancellationToken).ConfigureAwait(false);
            var receipt = await wallet.MineAsync(null, BigInteger.Zero, (byte[])[.. code, .. arguments], null, cancellationToken).ConfigureAwait(false);
            DevnetWallet.Succeeded(receipt, $"deployment of {Path.GetFileNameWithoutExtension(artifact)}");
            return new DeployedContract(receipt.Contract, receipt.GasUsed);
        }

        return new Deployment(
            await DeployOneAsync($"{Contracts}/NitroAdjudicator.sol/NitroAdjudicator.json", []).ConfigureAwait(false),
            await DeployOneAsync($"{Contracts}/ConsensusApp.sol/ConsensusApp.json", []).ConfigureAwait(false),
            await DeployOneAsync($"{Contracts}/VirtualPaymentApp.sol/VirtualPaymentApp.json", []).ConfigureAwait(false),
            await DeployOneAsync($"{Tokens}/ERC20PresetFixedSupply.json", TokenArguments(wallet.Account)).ConfigureAwait(false));
    }

    /// <summary>abi.encode(name, symbol, supply, owner).</summary>
    private static byte[] TokenArguments(ReadOnlyMemory<byte> owner) =>
    [
        .. Hex.Word(128),
        .. Hex.Word(192),
        .. Hex.Word(TokenSupply),
        .. DevnetWallet.AddressWord(owner),
        .. ShortText("Test Token"),
        .. ShortText("TOK"),
    ];

    private static byte[] ShortText(string text) => [.. Hex.Word(text.Length), .. Encoding.ASCII.GetBytes(text.PadRight(32, '\0'))];

    private static async Task<byte[]> CreationCodeAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var file = File.OpenRead(path);
            using var artifact = await JsonDocument.ParseAsync(file, cancellationToken: cancellationToken).ConfigureAwait(false);
            var text = artifact.RootElement.GetProperty("bytecode").GetString();
            return Hex.TryBytes(text, out var code) && code.Length > 0 ? code : throw new DevnetException($"{path} holds no creation code.");
        }
        catch (IOException problem)
        {
            throw new DevnetException($"The contract artifact {path} cannot be read: run 'npm ci' in the devnet folder first.", problem);
        }
        catch (Exception problem) when (problem is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new DevnetException($"{path} is no contract artifact: run 'npm ci' in the devnet folder again.", problem);
        }
    }
}
