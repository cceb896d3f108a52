using Nitro.Devnet;

namespace Nitro.Cli.Demo;

/// <summary>What the story plays on: the chain, the contracts, the three parties, their nodes and signers, and the wires between them.</summary>
internal sealed class Stage(DemoFolder folder, bool remoteSigner, string? journal) : IAsyncDisposable
{
    private const string NoSignerTag = "waiting-for-signer";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);
    private readonly Dictionary<Party, ChildProcess> _nodes = [];
    private readonly List<Relay> _links = [];
    private Chain? _chain;
    private Deployment? _contracts;
    private DemoSigners? _signers;

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

    /// <summary>The signers, where the nodes hold no keys.</summary>
    public DemoSigners? Signers => _signers;

    /// <summary>All nodes and signers that run.</summary>
    public IReadOnlyList<ChildProcess> Processes => [.. _nodes.Values, .. _signers?.Processes ?? []];

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
        var ports = FreePorts.Take(7);
        Alice = Party.Create("alice", ports[0], folder.Keys);
        Irene = Party.Create("irene", ports[1], folder.Keys);
        Bob = Party.Create("bob", ports[2], folder.Keys);
        view.Waiting("NitroAdjudicator, ConsensusApp, VirtualPaymentApp and a test token");
        _contracts = await _chain.DeployAsync(devnet, cancellationToken);
        StartBlock = await _chain.Node.LatestHeightAsync(cancellationToken);
        await ConnectAsync(ports[3..], cancellationToken);
    }

    /// <summary>Starts the nodes, and signers where there are none yet, and returns when every node answers with its own address.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (remoteSigner)
        {
            _signers = new DemoSigners(folder, Parties, through: Bob);
        }

        await Task.WhenAll(Parties.Select(party => StartAsync(party, cancellationToken)));
    }

    /// <summary>SIGKILL to a node, and a new process on the same journal.</summary>
    public async Task KillAndRestartAsync(Party party, CancellationToken cancellationToken)
    {
        if (_nodes.Remove(party, out var node))
        {
            await node.KillAsync(cancellationToken);
            await node.DisposeAsync();
        }

        await StartAsync(party, cancellationToken);
    }

    /// <summary>Alice is off the network for a while: all her connections end, and new ones are refused.</summary>
    public async Task CutAliceOffAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        await Task.WhenAll(_links.Select(link => link.CutAsync()));
        await Task.Delay(time, cancellationToken);
        _links.ForEach(link => link.Heal());
    }

    /// <summary>Until a node has so many peers.</summary>
    public static async Task ConnectedAsync(Party party, int peers, CancellationToken cancellationToken)
    {
        while ((await party.CallAsync("get_node_statistics", null, null, cancellationToken)).GetProperty("network").GetProperty("peers").GetInt32() < peers)
        {
            await Task.Delay(Poll, cancellationToken);
        }
    }

    /// <summary>Asks every node to end; true if all ended by themselves with code 0.</summary>
    public async Task<bool> StopAsync() => (await Task.WhenAll(_nodes.Values.Select(node => node.StopAsync()))).All(clean => clean);

    /// <summary>Until a node has a signer. Before, what is asked without an id of its own is refused.</summary>
    public static async Task AttachedAsync(Party party, CancellationToken cancellationToken)
    {
        while ((await party.CallAsync("get_node_statistics", null, null, cancellationToken)).GetProperty("signer").GetProperty("attached").GetInt32() == 0)
        {
            await Task.Delay(Poll, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_signers is not null)
        {
            await _signers.DisposeAsync();
        }

        foreach (var node in _nodes.Values)
        {
            await node.DisposeAsync();
        }

        foreach (var link in _links)
        {
            await link.DisposeAsync();
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

    /// <summary>
    /// Alice listens nowhere, and knows Irene by a relay and Bob by nothing but his address: Irene tells where he is. Both announce their
    /// relays, so that nobody else is on Alice's way to them.
    /// </summary>
    private async Task ConnectAsync(int[] ports, CancellationToken cancellationToken)
    {
        // The relays listen before the nodes do, so a free port of their own choice could be one of the nodes'.
        var (irenePort, bobPort) = (ports[0], ports[1]);
        _links.AddRange([Relay.Between(ports[2], irenePort), Relay.Between(ports[3], bobPort)]);
        string irene = $"/ip4/127.0.0.1/tcp/{_links[0].Port}", bob = $"/ip4/127.0.0.1/tcp/{_links[1].Port}";
        await WriteAsync(Alice, new { listen = Array.Empty<string>(), bootPeers = new[] { $"{irene}/p2p/{Irene.PeerId}" } }, cancellationToken);
        await WriteAsync(Irene, new { listen = new[] { $"127.0.0.1:{irenePort}" }, announce = new[] { irene } }, cancellationToken);
        await WriteAsync(
            Bob,
            new { listen = new[] { $"127.0.0.1:{bobPort}" }, announce = new[] { bob }, bootPeers = new[] { $"/ip4/127.0.0.1/tcp/{irenePort}/p2p/{Irene.PeerId}" } },
            cancellationToken);
    }

    private Task WriteAsync(Party party, object network, CancellationToken cancellationToken) =>
        folder.WriteConfigAsync(party, Chain, StartBlock, Contracts, network, remoteSigner, journal, cancellationToken);

    private async Task StartAsync(Party party, CancellationToken cancellationToken)
    {
        var node = _nodes[party] = ChildProcess.StartNode($"{party.Name}'s node", folder.Config(party), folder.Log(party));
        _signers?.Ensure(party);
        using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, node.Gone);
        try
        {
            await AnswersAsync(party, alive.Token);
        }
        catch (OperationCanceledException) when (node.Gone.IsCancellationRequested)
        {
            throw new CliError(node.Ending);
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
