using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Nitro.Ethereum.Follow;
using Nitro.Ethereum.Rpc;
using Nitro.Ethereum.Store;
using Nitro.Ethereum.Transactions;
using Nitro.Ports;

namespace Nitro.Ethereum;

/// <summary>The <see cref="IChain"/> of an Ethereum node: follows one contract and sends calls from one account.</summary>
public sealed class EthereumChain : IChain
{
    private const string EndpointPart = "endpoint";
    private readonly EthereumOptions _options;
    private readonly EthereumNode _node;
    private readonly ChainStore _store;
    private readonly FinalBlocks _blocks;
    private readonly TransactionManager _transactions;
    private readonly ConcurrentDictionary<long, ChainRead> _reads = new();
    private readonly Complaints _complaints = new();
    private readonly Pulse _bell = new();
    private LogFollower? _follower;
    private long _subscribed;
    private bool _rings;

    private EthereumChain(EthereumOptions options, EthereumNode node, ChainStore store, ITransactionSigner signer)
    {
        (_options, _node, _store) = (options, node, store);
        _blocks = new FinalBlocks(store, options.KeptBlocks);
        _transactions = new TransactionManager(options, node, new CallStore(store), signer, _complaints);
        node.Rpc.Transport.Notified = _bell.Ring;
    }

    /// <inheritdoc/>
    public ChainHealth Health => new(
        _node.Rpc.Connected,
        _follower?.Latest ?? -1,
        _follower?.FinalHeight ?? -1,
        _transactions.Pending,
        _complaints.Newest,
        _transactions.Mined,
        _transactions.GasUsed);

    /// <summary>Whether the store at this path, which nobody has open, ever held a call. One that cannot be read may have.</summary>
    public static bool HeldCalls(string storePath) => ChainStore.HeldCalls(storePath);

    /// <summary>Opens the store and makes ready; the node is first asked by <see cref="RunAsync"/>.</summary>
    /// <exception cref="EthereumSetupException">The store belongs to another chain, account or contract, or is in use, or an option is wrong.</exception>
    public static EthereumChain Open(EthereumOptions options, ITransactionSigner signer) =>
        Open(options, signer, EthereumRpc.Open(options.Url, options.BearerToken, options.RequestTimeout, options.MaxResponseBytes));

    /// <summary>The same over a given client, which then belongs to the chain.</summary>
    /// <exception cref="EthereumSetupException">As above.</exception>
    public static EthereumChain Open(EthereumOptions options, ITransactionSigner signer, EthereumRpc rpc)
    {
        if (options.Problem() is { } problem)
        {
            throw new EthereumSetupException($"The chain options do not fit: {problem}.");
        }

        var store = ChainStore.Open(options.StorePath, options.ChainId, signer.Account, options.Contract);
        return new EthereumChain(options, new EthereumNode(rpc), store, signer);
    }

    /// <inheritdoc/>
    /// <exception cref="EthereumSetupException">The node serves another chain than configured, the contract is not there, or the store fails.</exception>
    public async Task RunAsync(IChainSink sink, CancellationToken cancellationToken)
    {
        using var serial = new SerialSink(sink);
        var follower = new LogFollower(_options, _node, _blocks, serial, _complaints, _transactions.Wake);
        _follower = follower;
        var chainId = await VerifiedAsync(cancellationToken).ConfigureAwait(false);

        // Whichever loop ends first (only by a failure of ours, or the sink's) takes the other with it.
        using var together = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] loops =
        [
            FollowAsync(follower, new ReadQueue(_node, serial, _complaints, _reads), together.Token),
            _transactions.RunAsync(chainId, serial, together.Token),
        ];
        var first = await Task.WhenAny(loops).ConfigureAwait(false);
        await together.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await first.ConfigureAwait(false);
        }
        catch (SqliteException problem)
        {
            throw new EthereumSetupException(
                $"The chain store {_options.StorePath} cannot be used: {problem.Message.TrimEnd('.')}. Check the disk, then start again: nothing is lost.", problem);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The call has no step, or one whose target is not 20 bytes or whose value is over 32.</exception>
    public ValueTask SubmitAsync(ChainCall call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _transactions.Submit(call);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask ForgetAsync(long effectId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _transactions.Forget(effectId);
        _reads.TryRemove(effectId, out _);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The target is not 20 bytes.</exception>
    public ValueTask ReadAsync(ChainRead read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (read.To.Length != 20)
        {
            throw new ArgumentException("A read goes to 20 bytes.", nameof(read));
        }

        _reads[read.EffectId] = read;
        _bell.Ring();
        return ValueTask.CompletedTask;
    }

    /// <summary>Closes connection and store. <see cref="RunAsync"/> must have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await _node.Rpc.DisposeAsync().ConfigureAwait(false);
        _store.Dispose();
    }

    private async Task FollowAsync(LogFollower follower, ReadQueue reads, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_options.MinBackoff, _options.MaxBackoff);
        while (true)
        {
            try
            {
                var more = await follower.TurnAsync(cancellationToken).ConfigureAwait(false);
                if (follower.CaughtUpAt is { } head)
                {
                    await reads.AnswerAsync(head, cancellationToken).ConfigureAwait(false);
                }

                backoff.Reset();
                _complaints.Clear(EndpointPart);
                if (!more)
                {
                    await WaitForNewsAsync(follower, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (EthereumRpcException problem)
            {
                _complaints.Set(EndpointPart, problem.Message);
                await Task.Delay(backoff.Next(), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Waits for the node to ring where it can, else for the poll interval.</summary>
    private async Task WaitForNewsAsync(LogFollower follower, CancellationToken cancellationToken)
    {
        var connection = _node.Rpc.Transport.Connection;
        if (connection != 0 && connection != _subscribed)
        {
            _subscribed = connection;
            try
            {
                await _node.SubscribeAsync(_options.Contract, cancellationToken).ConfigureAwait(false);
                _rings = true;
            }
            catch (NodeErrorException)
            {
                // Not every node lets itself be subscribed to: then it is polled, as over http.
                _rings = false;
            }

            // Something may have happened before the subscription stood: look once more.
            return;
        }

        var pushed = connection != 0 && _rings && _reads.IsEmpty;
        var wait = pushed ? _options.ReconcileInterval : _options.PollInterval;
        await _bell.WaitAsync(follower.UntilReached < wait ? follower.UntilReached : wait, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Waits for a node to answer and checks that chain and contract are the configured ones.</summary>
    private async Task<ulong> VerifiedAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_options.MinBackoff, _options.MaxBackoff);
        while (true)
        {
            try
            {
                var chainId = await _node.ChainIdAsync(cancellationToken).ConfigureAwait(false);
                if (_options.ChainId is { } wanted && wanted != chainId)
                {
                    throw new EthereumSetupException(
                        $"The node at {_node.Rpc.Transport.Endpoint} serves chain {chainId}, the configuration says {wanted}: correct the URL or the chain id.");
                }

                _store.OwnChain(chainId);
                if (await HasContractsAsync(chainId, cancellationToken).ConfigureAwait(false))
                {
                    _complaints.Clear(EndpointPart);
                    return chainId;
                }

                await Task.Delay(backoff.Next(), cancellationToken).ConfigureAwait(false);
            }
            catch (EthereumRpcException problem)
            {
                _complaints.Set(EndpointPart, problem.Message);
                await Task.Delay(backoff.Next(), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Whether the contract can be followed, and the others are there too: channels under rules that do not exist could only ever be closed
    /// by both. A contract followed before may be missing because the chain was replaced: the follower tells that.
    /// </summary>
    private async Task<bool> HasContractsAsync(ulong chainId, CancellationToken cancellationToken)
    {
        if (_blocks.Newest is not null)
        {
            return true;
        }

        foreach (var (name, address) in ((string Name, ReadOnlyMemory<byte> Address)[])[("adjudicator", _options.Contract), .. _options.Judges])
        {
            if ((await _node.CodeAsync(address, cancellationToken).ConfigureAwait(false)).IsEmpty)
            {
                await MissingAsync(name, $"There is no contract at {Hex.Bytes(address.Span)} on chain {chainId}", cancellationToken).ConfigureAwait(false);
                return false;
            }
        }

        return true;
    }

    private async Task MissingAsync(string name, string missing, CancellationToken cancellationToken)
    {
        var latest = await _node.LatestHeightAsync(cancellationToken).ConfigureAwait(false);
        if (latest >= _options.StartHeight)
        {
            throw new EthereumSetupException($"{missing}: correct the address of the {name} in the configuration (contracts), or deploy it first.");
        }

        _complaints.Set(EndpointPart, $"{missing} yet: the node is at block {latest}, below the start height {_options.StartHeight}. Waiting for it to sync.");
    }
}
