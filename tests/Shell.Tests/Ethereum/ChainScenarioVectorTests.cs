using System.Globalization;
using Nitro.Devnet;
using Nitro.Ethereum;
using Xunit;

namespace Nitro.Shell.Tests.Ethereum;

/// <summary>Replays the chain vectors on one chain, in file order, and compares all that the chain says with what they pin.</summary>
public sealed class ChainScenarioVectorTests(ScenarioChain chain) : IClassFixture<ScenarioChain>
{
    public static TheoryData<string> Scenarios() => [.. ScenarioChain.Vectors().Select(vector => vector.GetProperty("id").GetString()!)];

    [Theory]
    [MemberData(nameof(Scenarios), DisableDiscoveryEnumeration = true)]
    public async Task VectorScenarioReplaysOnARealChain(string id)
    {
        // One chain: whatever stands before this scenario in the file runs first, once.
        await chain.ReplayToAsync(id);
        var steps = chain.Replayed[id];
        Assert.NotEmpty(steps);
        Assert.All(steps, step => Assert.Equal(step.Expected, step.Actual));
    }

    [Theory]
    [MemberData(nameof(Scenarios), DisableDiscoveryEnumeration = true)]
    public async Task VectorScenarioNamesTheContractsAndTheirGas(string id)
    {
        await chain.StartAsync();
        var input = ScenarioChain.Vectors().Single(vector => vector.GetProperty("id").GetString() == id).GetProperty("input");
        (string Name, DeployedContract Contract)[] contracts =
        [
            ("NitroAdjudicator", chain.Contracts.NitroAdjudicator),
            ("ConsensusApp", chain.Contracts.ConsensusApp),
            ("VirtualPaymentApp", chain.Contracts.VirtualPaymentApp),
        ];
        foreach (var (name, contract) in contracts)
        {
            Assert.Equal(input.GetProperty("contracts").GetProperty(name).GetString(), Hex.Bytes(contract.Address.Span));
            Assert.Equal(input.GetProperty("deployGas").GetProperty(name).GetString(), contract.GasUsed.ToString(CultureInfo.InvariantCulture));
        }

        // The token's deployment gas also depends on its name, symbol and supply, which the vectors do not tell.
        Assert.Equal(input.GetProperty("contracts").GetProperty("ERC20").GetString(), Hex.Bytes(chain.Contracts.Token.Address.Span));
    }
}
