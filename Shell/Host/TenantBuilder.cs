using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Nitro.Ethereum;
using Nitro.EventStore;
using Nitro.EventStore.Connection;
using Nitro.Host.Api;
using Nitro.Host.Link;
using Nitro.Host.Loop;
using Nitro.Host.Options;
using Nitro.Journal;
using Nitro.Libp2p.Link;
using Nitro.Ports;
using Nitro.Secp256k1;
using Nitro.SignerApi;
using Nitro.Signing;
using Nitro.Signing.Calls;
using Nitro.Storage;

namespace Nitro.Host;

/// <summary>Opens what a tenant is made of, as its plan says, and then the tenant.</summary>
internal sealed class TenantBuilder(NodePlan plan, IPeerLinkFactory links, ILoggerFactory loggers, TimeProvider time)
{
    private readonly Lock claiming = new();

    /// <summary>The curve, as the core takes it.</summary>
    internal static readonly RecoverSigner Recover =
        (digest, signature, address) => Recoveries.Shared.TryRecoverAddress(digest, signature, address);

    /// <summary>Opens a tenant whose keys are in this process, and whose folder is there and its own.</summary>
    /// <exception cref="Exception">Setup, key, marks, journal or chain exceptions: their messages are for the operator.</exception>
    public async Task<Tenant> OpenAsync(TenantPlan tenant, ISet<string> accounts, CancellationToken cancellationToken)
    {
        var logger = Logger(tenant);
        var channelKey = Key(NodeConfiguration.ChannelKeyVariable, tenant.ChannelKeyFile);
        var chainKey = Key(NodeConfiguration.ChainKeyVariable, tenant.ChainKeyFile);
        try
        {
            var options = SignerOptions(tenant, chainKey, logger);
            var signer = await InProcessSigner.OpenAsync(channelKey, options, cancellationToken);
            foreach (var line in options.Policy.Description)
            {
                logger.LogInformation("Tenant {Tenant} signs by {Rule}", tenant.Name, line);
            }

            return await OpenAsync(tenant, accounts, signer, signer.Remembered, () => signer.Transactions, new LocalNetworkKeys(channelKey), cancellationToken);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(channelKey);
            CryptographicOperations.ZeroMemory(chainKey);
        }
    }

    /// <summary>The same for one whose keys are at its signers, which attach to this API.</summary>
    public Task<Tenant> OpenAsync(
        TenantPlan tenant, ISet<string> accounts, SignerApiServer api, SignerAddresses addresses, CancellationToken cancellationToken) =>
        OpenAsync(tenant, accounts, api.Signer(addresses), 0, () => api.TransactionSigner(addresses), api.NetworkKeys(addresses), cancellationToken);

    /// <summary>What was opened before a failure is closed again, the signer too.</summary>
    private async Task<Tenant> OpenAsync(
        TenantPlan tenant,
        ISet<string> accounts,
        ISigner signer,
        int remembered,
        Func<ITransactionSigner> transactionSigner,
        INetworkKeys keys,
        CancellationToken cancellationToken)
    {
        var logger = Logger(tenant);
        var opened = new Stack<IAsyncDisposable>([signer]);
        CallGate? calls = null;
        T Opened<T>(T part)
            where T : IAsyncDisposable
        {
            opened.Push(part);
            return part;
        }

        try
        {
            var address = "0x" + Convert.ToHexStringLower(signer.ChannelAddress.Span);
            if (!NitroCore.TryConfigure(SettingsJson.Write(plan.Options, tenant, address), Recover, out var settings, out var error))
            {
                throw new NodeOptionsException($"The settings of tenant {tenant.Name} cannot be used: {error}");
            }

            var transactions = transactionSigner();
            Claim(accounts, tenant, address, transactions.Account);
            var journal = Opened(await JournalAsync(tenant, address, logger, cancellationToken));
            CheckPast(tenant, journal, remembered);
            var chain = Opened(EthereumChain.Open(ChainOptions(tenant, journal.Next == 0), transactions));
            calls = Gate(tenant, signer.ChannelAddress, address);
            var link = Opened(await links.OpenAsync(tenant.Name, signer.ChannelAddress, keys, cancellationToken));
            logger.LogInformation(
                "Tenant {Tenant}: channel address {Address}, chain account 0x{Account}",
                tenant.Name,
                address,
                Convert.ToHexStringLower(transactions.Account.Span));
            return await Tenant.OpenAsync(
                new TenantParts
                {
                    Name = tenant.Name,
                    Settings = settings!,
                    Journal = journal,
                    Signer = signer,
                    Chain = chain,
                    Link = link,
                    Calls = calls,
                    // What is in memory is never read again.
                    EpochRecords = plan.Options.Journal == "memory" ? 0 : plan.Options.EpochRecords,
                    SnapshotPath = plan.Options.Journal == "memory" || plan.Options.SnapshotRecords == 0 ? null : tenant.SnapshotPath,
                    SnapshotRecords = plan.Options.SnapshotRecords,
                    WitnessPath = plan.Options.Journal == "memory" ? null : tenant.WitnessPath,
                    Time = time,
                    Logger = logger,
                },
                cancellationToken);
        }
        catch
        {
            calls?.Dispose();
            while (opened.TryPop(out var part))
            {
                await part.DisposeAsync();
            }

            throw;
        }
    }

    private CallGate Gate(TenantPlan tenant, ReadOnlyMemory<byte> node, string address)
    {
        var ledger = CallLedger.Open(plan.Options.Journal == "memory" ? DatabaseOptions.InMemory : tenant.CallsPath, address);
        try
        {
            return new CallGate(node, new DeviceList(tenant.DevicesPath), ledger, tenant.Rpc.RequireSigned ?? false, time);
        }
        catch
        {
            ledger.Dispose();
            throw;
        }
    }

    private ILogger Logger(TenantPlan tenant) => loggers.CreateLogger($"Nitro.Tenant.{tenant.Name}");

    /// <summary>A variable names one key, so it stands for the file only where there is one tenant.</summary>
    private byte[] Key(string variable, string file) =>
        (plan.Tenants.Count == 1 ? KeyFile.FromEnvironment(variable) : null) ?? KeyFile.LoadOrCreate(file);

    private static InProcessSignerOptions SignerOptions(TenantPlan tenant, byte[] chainKey, ILogger logger) => new()
    {
        MarksPath = tenant.MarksPath,
        ChainKey = chainKey,
        Policy = PolicyFile.Read(tenant.Signer.Policy),
        Complain = complaint => logger.LogError("{Complaint}", complaint),
    };

    private async Task<IJournal> JournalAsync(TenantPlan tenant, string address, ILogger logger, CancellationToken cancellationToken)
    {
        var journal = plan.Options.Journal switch
        {
            "memory" => new MemoryJournal(),
            "sqlite" => await SqliteAsync(tenant.JournalPath, address, 0, cancellationToken),
            var connection => await EventStoreAsync(connection, address, logger, cancellationToken),
        };
        if (plan.Options.JournalReplica == "")
        {
            return journal;
        }

        var opened = new Stack<IAsyncDisposable>([journal]);
        try
        {
            var replica = await ReplicaAsync(tenant, address, journal.First, logger, cancellationToken);
            opened.Push(replica);
            if (replica.Next == replica.First && journal.Next > journal.First)
            {
                logger.LogWarning(
                    "The replica of tenant {Tenant}'s journal ({Replica}) is empty: all {All} records are copied to it. If it is not new, its disk may not be mounted",
                    tenant.Name,
                    ReplicaTitle(tenant),
                    journal.Next - journal.First);
            }

            var both = await ReplicatedJournal.OpenAsync(
                journal, replica, (done, all) => logger.LogInformation("Journal and replica are brought up to each other: {Done} of {All} records", done, all), cancellationToken);
            logger.LogInformation("The journal of tenant {Tenant} has a replica; nothing is acknowledged that it does not have", tenant.Name);
            return both;
        }
        catch
        {
            while (opened.TryPop(out var part))
            {
                await part.DisposeAsync();
            }

            throw;
        }
    }

    private async Task<IJournal> ReplicaAsync(TenantPlan tenant, string address, long first, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            return JournalPlaces.FolderOf(plan.Options.JournalReplica) is { } folder
                ? await SqliteAsync(JournalPlaces.FileIn(folder, tenant.Name), address, first, cancellationToken)
                : await EventStoreAsync(plan.Options.JournalReplica, address, logger, cancellationToken);
        }
        catch (JournalException e)
        {
            throw ReplicatedJournal.OfReplica(e);
        }
    }

    /// <summary>Without anything secret.</summary>
    private string ReplicaTitle(TenantPlan tenant) => JournalPlaces.FolderOf(plan.Options.JournalReplica) is { } folder
        ? JournalPlaces.FileIn(folder, tenant.Name)
        : EventStoreSettings.Parse(plan.Options.JournalReplica).ToString();

    /// <summary><paramref name="first"/>: with which record it begins where it is new.</summary>
    private static async Task<IJournal> SqliteAsync(string path, string address, long first, CancellationToken cancellationToken) =>
        await SqliteJournal.OpenAsync(new SqliteJournalOptions { Path = path, Owner = address, FirstPosition = first }, cancellationToken);

    private async Task<IJournal> EventStoreAsync(string connection, string address, ILogger logger, CancellationToken cancellationToken) =>
        await EventStoreJournal.OpenAsync(
            new EventStoreJournalOptions
            {
                Settings = EventStoreSettings.Parse(connection),
                Owner = address,
                Complain = complaint => logger.LogWarning("{Complaint}", complaint),
                Time = time,
            },
            cancellationToken);

    /// <summary>An empty journal beside what a node leaves behind is a lost one: to begin anew with it would be to forget all channels.</summary>
    private void CheckPast(TenantPlan tenant, IJournal journal, int remembered)
    {
        var past = plan.Options.Journal == "memory" || journal.Next > 0 ? null
            : remembered > 0 ? $"its signer remembers {remembered} channels ({tenant.MarksPath})"
            : File.Exists(tenant.SnapshotPath) ? $"there is the snapshot {tenant.SnapshotPath}"
            : File.Exists(tenant.WitnessPath) ? $"it had records ({tenant.WitnessPath})"
            : File.Exists(tenant.ChainPath) && EthereumChain.HeldCalls(tenant.ChainPath) ? $"it has sent transactions ({tenant.ChainPath})"
            : null;
        if (past is not null)
        {
            throw new NodeOptionsException(
                $"The journal of tenant {tenant.Name} is empty, but {past}. Was it lost, or does \"journal\" name another store than before? Name that store again, or move "
                + "the journal here with './nitro journal migrate'; a lost one './nitro restore' brings back, from a copy or from the peers. To begin anew, take another data directory.");
        }
    }

    private EthereumOptions ChainOptions(TenantPlan tenant, bool isJournalEmpty)
    {
        var chain = plan.Options.Chain;
        return new EthereumOptions
        {
            Url = new Uri(chain.Url),
            BearerToken = chain.AuthToken == "" ? null : chain.AuthToken,
            ChainId = chain.ChainId == 0 ? null : chain.ChainId,
            Contract = Convert.FromHexString(plan.Options.Contracts.Adjudicator.AsSpan(2)),
            Judges =
            [
                ("consensusApp", Convert.FromHexString(plan.Options.Contracts.ConsensusApp.AsSpan(2))),
                ("virtualPaymentApp", Convert.FromHexString(plan.Options.Contracts.VirtualPaymentApp.AsSpan(2))),
            ],
            StorePath = plan.Options.Journal == "memory" ? ":memory:" : ChainStore(tenant, isJournalEmpty),
            StartHeight = chain.StartBlock,
            Confirmations = chain.Confirmations,
        };
    }

    /// <summary>Before the first record there is nothing to remember of the chain (<see cref="CheckPast"/> has refused what was called before): it is read anew at every start.</summary>
    private static string ChainStore(TenantPlan tenant, bool isJournalEmpty)
    {
        foreach (var suffix in ((string[])["", "-wal", "-shm"]).Where(_ => isJournalEmpty))
        {
            File.Delete(tenant.ChainPath + suffix);
        }

        return tenant.ChainPath;
    }

    private void Claim(ISet<string> accounts, TenantPlan tenant, string address, ReadOnlyMemory<byte> account)
    {
        // Tenants whose signers attach at the same moment are opened at the same time.
        using var one = claiming.EnterScope();
        if (!accounts.Add($"channel {address}"))
        {
            throw new NodeOptionsException($"Tenant {tenant.Name} has the channel key of another tenant ({address}): give each its own.");
        }

        var name = $"0x{Convert.ToHexStringLower(account.Span)}";
        if (!accounts.Add($"chain {name}"))
        {
            throw new NodeOptionsException(
                $"Tenant {tenant.Name} has the chain key of another tenant ({name}): they would take each other's nonces. Give each its own.");
        }
    }
}
