using Microsoft.Extensions.Logging;
using Nitro.Grpc;
using Nitro.Secp256k1;
using Nitro.Signer.Keys;
using Nitro.Signing;
using Nitro.Signing.Calls;
using Nitro.SignerProtocol;

namespace Nitro.Signer;

/// <summary>A signer with its keys, its memory and its owner's policy, attached to its nodes.</summary>
public sealed class SignerService : IAsyncDisposable
{
    private const int ParallelFrom = 16;
    private readonly SignerOptions _options;
    private readonly ILoggerFactory _loggers;
    private readonly SignerKeys _keys;
    private readonly MemoryStore _memory;
    private readonly SignerPolicy _policy;
    private readonly CallLedger _calls;
    private readonly Lease _lease;
    private readonly Workbench _bench;
    private readonly TransportKey _transport;
    private readonly IReadOnlyList<PairedNode> _paired;

    private SignerService(SignerOptions options, ILoggerFactory loggers, SignerKeys keys, MemoryStore memory, SignerPolicy policy, Lease lease)
    {
        (_options, _loggers, _keys, _memory, _policy, _lease) = (options, loggers, keys, memory, policy, lease);
        _transport = TransportKey.LoadOrCreate(options.TransportKeyPath);
        _paired = PairedNodes.Load(options.PairedNodesPath);
        (ChannelAddress, ChainAccount) = (AddressOf(keys.Channel), AddressOf(keys.Chain));
        var logger = loggers.CreateLogger("Nitro.Signer");
        var devices = new DeviceList(options.DevicesPath);
        _calls = CallLedger.Open(options.CallsPath, ChannelAddress);
        var check = new CallCheck(Convert.FromHexString(ChannelAddress.AsSpan(2)), devices, _calls, TimeProvider.System);
        var desk = new SigningDesk(keys.Channel, keys.Chain, memory, TimeProvider.System, ParallelFrom);
        _bench = new Workbench(desk, new ContextCheck(check, logger), logger);
    }

    /// <summary>The channel key's address, 0x and 40 digits.</summary>
    public string ChannelAddress { get; }

    /// <summary>The chain account, 0x and 40 digits.</summary>
    public string ChainAccount { get; }

    /// <summary>Refuses what no passphrase could mend, before anybody is asked for one.</summary>
    /// <exception cref="SignerSetupException">There is no node to attach to, or there are no keys.</exception>
    internal static void Check(SignerOptions options)
    {
        if (options.Nodes.Count == 0 && PairedNodes.Load(options.PairedNodesPath).Count == 0)
        {
            throw new SignerSetupException(
                "No node is named: give --node unix:///path (the node's log says where it listens), or --pair with the code that 'nitro pair' prints "
                + "where the node is.");
        }

        SignerKeys.Check(options);
    }

    /// <summary>Opens the keys, and then the memory for this process alone.</summary>
    /// <exception cref="KeyFileException">A key file cannot be used.</exception>
    /// <exception cref="MarksException">The memory is in use, damaged or another key's.</exception>
    /// <exception cref="Nitro.Storage.StorageException">The transport key or the list of paired nodes cannot be used.</exception>
    /// <exception cref="PolicyFileException">The policy cannot be used.</exception>
    /// <exception cref="SignerSetupException">There is no node to attach to, or there are no keys.</exception>
    /// <param name="options">The settings.</param>
    /// <param name="loggers">Where it says what it does.</param>
    /// <param name="passphrase">Of the encrypted keys; the caller clears it.</param>
    /// <param name="takesOver">Ask the present holder of the memory to let go of it.</param>
    /// <param name="cancellationToken">Gives up waiting for the memory.</param>
    public static async Task<SignerService> OpenAsync(
        SignerOptions options, ILoggerFactory loggers, ReadOnlyMemory<byte> passphrase, bool takesOver, CancellationToken cancellationToken)
    {
        Check(options);
        var policy = PolicyFile.Read(options.Policy);
        var logger = loggers.CreateLogger("Nitro.Signer");
        var lease = await Lease.AcquireAsync(
            options.DataDirectory,
            takesOver,
            holder => logger.LogWarning(
                "The memory in {Folder} is in the hands of {Holder}; waiting until it is free{More}",
                options.DataDirectory, holder, takesOver ? ", and it was asked for" : ". With --take-over it is asked to let go"),
            cancellationToken);
        SignerKeys? keys = null;
        MemoryGuard? guard = null;
        try
        {
            keys = SignerKeys.Open(options, passphrase);
            var address = Convert.FromHexString(AddressOf(keys.Channel).AsSpan(2));
            guard = new MemoryGuard(Anchor.Open(options.AnchorPath, address), options.AnchorPath, lease.Token);
            return new SignerService(options, loggers, keys, MemoryStore.Open(options.MarksPath, address, policy, maximumBytes: 0, guard), policy, lease);
        }
        catch
        {
            guard?.Dispose();
            keys?.Dispose();
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Attaches and signs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var logger = _loggers.CreateLogger("Nitro.Signer");
        (Uri Node, GrpcChannelOptions Options)[] links =
        [
            .. _options.Nodes.Select(node => (new Uri(node), new GrpcChannelOptions { ConnectTimeout = TimeSpan.FromSeconds(5) })),
            .. _paired.Select(node => (new Uri(node.Address), Pairing.Options(_transport, node.Fingerprint))),
        ];
        logger.LogInformation("{Curve}", Curve.Default.Description);
        logger.LogInformation(
            "Signer of {Address}, chain account {Account}; attaching to {Nodes}", ChannelAddress, ChainAccount, string.Join(", ", links.Select(link => link.Node)));
        foreach (var line in _policy.Description)
        {
            logger.LogInformation("{Rule}", line);
        }

        if (_memory.Memory.IsSuspect)
        {
            logger.LogError(
                "This memory is older than the key: it was shown a signature of this key that it does not know. Only what was signed before is signed again. "
                + "Restore the newest memory, or let the other sides close the channels and begin with a new key");
        }

        var asked = AskedForAsync(logger, together.Token);
        List<Task> work = [asked, Task.Run(() => _bench.RunAsync(together.Token), CancellationToken.None)];
        work.AddRange(links.Select(link => new NodeLink(link.Node, link.Options, Addresses, _bench, logger).RunAsync(together.Token)));

        // Only the first ends by itself; if another does, it is by a mistake of ours, and the process must not look alive.
        var first = await Task.WhenAny(work);
        await together.CancelAsync();
        await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellationToken.IsCancellationRequested)
        {
            await first;
        }
    }

    /// <summary>Closes the memory, lets go of it and forgets the keys.</summary>
    public ValueTask DisposeAsync()
    {
        _memory.Dispose();
        _calls.Dispose();
        _lease.Dispose();
        _transport.Dispose();
        _keys.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AskedForAsync(ILogger logger, CancellationToken cancellationToken)
    {
        var who = await _lease.AskedForAsync(cancellationToken);
        logger.LogWarning("Another signer takes this memory over ({Who}), so this one ends", who);
    }

    private static string AddressOf(byte[] key)
    {
        var address = new byte[20];
        return Curve.Default.TryGetAddress(key, address)
            ? "0x" + Convert.ToHexStringLower(address)
            : throw new KeyFileException("A key that was checked when it was read is none.");
    }

    private GrpcMetadata Addresses()
    {
        var metadata = new GrpcMetadata();
        metadata.Add(SignerApiTerms.ChannelAddress, ChannelAddress);
        metadata.Add(SignerApiTerms.ChainAccount, ChainAccount);
        return metadata;
    }
}
