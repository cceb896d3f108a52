using Nitro.Devnet;

namespace Nitro.Cli.Demo;

/// <summary>What the story plays on: the chain, the contracts, the three parties and the host that serves them.</summary>
internal sealed class Stage(DemoFolder folder) : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private Chain? _chain;
    private Deployment? _contracts;

    /// <summary>Pays.</summary>
    public Party Alice { get; private set; } = null!;

    /// <summary>In between.</summary>
    public Party Irene { get; private set; } = null!;

    /// <summary>Is paid.</summary>
    public Party Bob { get; private set; } = null!;

    /// <summary>All three.</summary>
    public IReadOnlyList<Party> Parties => [Alice, Irene, Bob];

    /// <summary>The chain, once it runs.</summary>
    public Chain Chain => _chain ?? throw new InvalidOperationException("The chain is not there yet.");

    /// <summary>The contracts, once they are on it.</summary>
    public Deployment Contracts => _contracts ?? throw new InvalidOperationException("The contracts are not there yet.");

    /// <summary>The host, once it runs.</summary>
    public HostProcess? Host { get; private set; }

    /// <summary>The block after which the parties' transactions begin.</summary>
    public long StartBlock { get; private set; }

    /// <summary>Chain, contracts, keys.</summary>
    public async Task BuildAsync(IStepView view, CancellationToken cancellationToken)
    {
        var devnet = DemoFolder.Devnet();
        view.Waiting("npm ci, where the packages are not installed yet");
        await NpmInstall.EnsureAsync(devnet, cancellationToken);
        view.Waiting("anvil");
        _chain = await Chain.StartAsync(devnet, cancellationToken);
        var ports = FreePorts.Take(3);
        Alice = Party.Create("alice", ports[0], folder.Keys);
        Irene = Party.Create("irene", ports[1], folder.Keys);
        Bob = Party.Create("bob", ports[2], folder.Keys);
        view.Waiting("NitroAdjudicator, ConsensusApp, VirtualPaymentApp and a test token");
        _contracts = await _chain.DeployAsync(devnet, cancellationToken);
        StartBlock = await _chain.Node.LatestHeightAsync(cancellationToken);
        await folder.WriteConfigAsync(_chain.Url, _chain.ChainId, StartBlock, _contracts, Parties, cancellationToken);
    }

    /// <summary>Starts the host and returns when every tenant answers with its own address.</summary>
    public async Task<HostProcess> StartHostAsync(CancellationToken cancellationToken)
    {
        Host = HostProcess.Start(folder.Config, folder.Log);
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Host.Gone);
        try
        {
            await Task.WhenAll(Parties.Select(party => AnswersAsync(party, alive.Token)));
            return Host;
        }
        catch (OperationCanceledException) when (Host.Gone.IsCancellationRequested)
        {
            throw new CliError(Host.Ending);
        }
    }

    /// <summary>SIGKILL, and a new process on the same journals.</summary>
    public async Task<HostProcess> KillAndRestartAsync(CancellationToken cancellationToken)
    {
        if (Host is { } host)
        {
            await host.KillAsync(cancellationToken);
            await host.DisposeAsync();
        }

        return await StartHostAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Host is not null)
        {
            await Host.DisposeAsync();
        }

        foreach (var party in Parties.OfType<Party>())
        {
            party.Dispose();
        }

        if (_chain is not null)
        {
            await _chain.DisposeAsync();
        }
    }

    private static async Task AnswersAsync(Party party, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var address = (await party.CallAsync("get_address", null, null, cancellationToken)).GetString();
                if (!string.Equals(address, party.AddressText, StringComparison.OrdinalIgnoreCase))
                {
                    throw new CliError($"{party.Name}'s endpoint answers with the address {address} and not with its key's, {party.AddressText}.");
                }

                return;
            }
            catch (JsonRpc.RpcUnreachable)
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }
    }
}
