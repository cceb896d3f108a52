using System.Numerics;
using Nitro.Ethereum;
using Nitro.Ethereum.Rpc;
using Nitro.Ethereum.Transactions;
using Nitro.Ports;

namespace Nitro.Devnet;

/// <summary>Sends single transactions from a key and waits for their receipts. Keeps nothing: for development chains only.</summary>
public sealed class DevnetWallet(EthereumNode node, ReadOnlyMemory<byte> key)
{
    private const string TransferSelector = "0xa9059cbb";
    private const string BalanceOfSelector = "0x70a08231";
    private static readonly TimeSpan ReceiptPoll = TimeSpan.FromMilliseconds(50);
    private readonly KeyTransactionSigner _signer = new(key.Span);

    /// <summary>The account, 20 bytes.</summary>
    public ReadOnlyMemory<byte> Account => _signer.Account;

    /// <summary>Signs and sends, without waiting; returns the transaction's hash.</summary>
    /// <param name="to">20 bytes, or null to deploy.</param>
    /// <param name="value">Wei.</param>
    /// <param name="data">Calldata, or creation code.</param>
    /// <param name="gas">The gas limit, or null to estimate it; with a limit a call that reverts is mined too.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="EthereumRpcException">The node refuses it, or is in trouble.</exception>
    public async Task<ReadOnlyMemory<byte>> SendAsync(
        ReadOnlyMemory<byte>? to, BigInteger value, ReadOnlyMemory<byte> data, ulong? gas, CancellationToken cancellationToken)
    {
        var limit = gas ?? (ulong)await node.EstimateGasAsync(new CallRequest(Account, to, value, data), "latest", cancellationToken).ConfigureAwait(false) * 12 / 10;
        var tip = EthereumOptions.Gwei;
        var fee = (2 * await node.NextBaseFeeAsync(cancellationToken).ConfigureAwait(false)) + tip;
        var transaction = new UnsignedTransaction(
            await node.ChainIdAsync(cancellationToken).ConfigureAwait(false),
            await node.NonceAsync(Account, "pending", cancellationToken).ConfigureAwait(false),
            tip,
            fee,
            limit,
            to,
            value,
            data);
        return await node.SendRawAsync(await _signer.SignAsync(transaction, [], [], cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Signs, sends and waits until it is mined, with success or not.</summary>
    /// <exception cref="EthereumRpcException">The node refuses it, or is in trouble.</exception>
    public async Task<TransactionReceipt> MineAsync(
        ReadOnlyMemory<byte>? to, BigInteger value, ReadOnlyMemory<byte> data, ulong? gas, CancellationToken cancellationToken)
    {
        var hash = await SendAsync(to, value, data, gas, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            if (await node.ReceiptAsync(hash, cancellationToken).ConfigureAwait(false) is { } receipt)
            {
                return receipt;
            }

            await Task.Delay(ReceiptPoll, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends wei.</summary>
    /// <exception cref="DevnetException">The transfer failed.</exception>
    public async Task TransferEtherAsync(ReadOnlyMemory<byte> to, BigInteger wei, CancellationToken cancellationToken) =>
        Succeeded(await MineAsync(to, wei, ReadOnlyMemory<byte>.Empty, null, cancellationToken).ConfigureAwait(false), "ether transfer");

    /// <summary>Sends units of an ERC-20 token.</summary>
    /// <exception cref="DevnetException">The transfer failed.</exception>
    public async Task TransferTokenAsync(ReadOnlyMemory<byte> token, ReadOnlyMemory<byte> to, BigInteger amount, CancellationToken cancellationToken)
    {
        byte[] data = [.. Hex.Parse(TransferSelector), .. AddressWord(to), .. Hex.Word(amount)];
        Succeeded(await MineAsync(token, BigInteger.Zero, data, null, cancellationToken).ConfigureAwait(false), "token transfer");
    }

    /// <summary>An account's wei.</summary>
    public static Task<BigInteger> EtherBalanceAsync(EthereumNode node, ReadOnlyMemory<byte> account, CancellationToken cancellationToken) =>
        node.BalanceAsync(account, cancellationToken);

    /// <summary>An account's units of an ERC-20 token.</summary>
    public static async Task<BigInteger> TokenBalanceAsync(
        EthereumNode node, ReadOnlyMemory<byte> token, ReadOnlyMemory<byte> account, CancellationToken cancellationToken)
    {
        byte[] data = [.. Hex.Parse(BalanceOfSelector), .. AddressWord(account)];
        var answer = await node.CallAsync(new CallRequest(null, token, BigInteger.Zero, data), "latest", cancellationToken).ConfigureAwait(false);
        return answer.Length == 32
            ? new BigInteger(answer.Span, isUnsigned: true, isBigEndian: true)
            : throw new DevnetException($"{Hex.Bytes(token.Span)} does not answer balanceOf: check the token's address.");
    }

    internal static byte[] AddressWord(ReadOnlyMemory<byte> address) => [.. new byte[12], .. address.Span];

    internal static TransactionReceipt Succeeded(TransactionReceipt receipt, string what) =>
        receipt.Succeeded ? receipt : throw new DevnetException($"The {what} failed in block {receipt.Height}.");
}
