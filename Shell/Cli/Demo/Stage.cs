using Nitro.Devnet;

namespace Nitro.Cli.Demo;

/// <summary>What the story plays on: the chain, the contracts, the three parties and the host that serves them.</summary>
internal sealed class Stage(DemoFolder folder, bool remoteSigner) : IAsyncDisposable
{
    private const string NoSignerTag = "waiting-for-signer";
    private readonly Dictionary<Party, ChildProcess> _signers = [];
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
    public ChildProcess? Host { get; private set; }

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
        await folder.WriteConfigAsync(_chain.Url, _chain.ChainId, StartBlock, _contracts, Parties, remoteSigner, cancellationToken);
    }

    /// <summary>Starts the host and returns when every tenant answers with its own address.</summary>
    public async Task<ChildProcess> StartHostAsync(CancellationToken cancellationToken)
    {
        Host = ChildProcess.StartHost(folder.Config, folder.Log);
        foreach (var party in Parties.Where(party => remoteSigner && !_signers.ContainsKey(party)))
        {
            StartSigner(party);
        }

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
    public async Task<ChildProcess> KillAndRestartAsync(CancellationToken cancellationToken)
    {
        if (Host is { } host)
        {
            await host.KillAsync(cancellationToken);
            await host.DisposeAsync();
        }

        return await StartHostAsync(cancellationToken);
    }

    /// <summary>SIGKILL, and a new signer on the same marks. Nothing where the host holds the keys.</summary>
    public async Task KillAndRestartSignerAsync(Party party, CancellationToken cancellationToken)
    {
        if (_signers.Remove(party, out var signer))
        {
            await signer.KillAsync(cancellationToken);
            await signer.DisposeAsync();
            StartSigner(party);
            await AttachedAsync(party, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var signer in _signers.Values)
        {
            await signer.DisposeAsync();
        }

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

    private void StartSigner(Party party) => _signers[party] = ChildProcess.StartSigner(
        party, folder.SignerAddress(party), folder.SignerData(party), folder.SignerLog(party));

    /// <summary>Before, what is asked without an id of its own is refused.</summary>
    private static async Task AttachedAsync(Party party, CancellationToken cancellationToken)
    {
        while ((await party.CallAsync("get_node_statistics", null, null, cancellationToken)).GetProperty("signer").GetProperty("attached").GetInt32() == 0)
        {
            await Task.Delay(Poll, cancellationToken);
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

                await AttachedAsync(party, cancellationToken);
                return;
            }
            catch (Exception e) when (e is JsonRpc.RpcUnreachable or JsonRpc.RpcError { Tag: NoSignerTag })
            {
                await Task.Delay(Poll, cancellationToken);
            }
        }
    }
}
