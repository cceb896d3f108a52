using System.Numerics;
using Nitro.Ethereum;

namespace Nitro.Cli.Demo;

/// <summary>Who brings what, and what everybody must own in the end.</summary>
internal sealed class Money
{
    private readonly Stage _stage;

    /// <summary>Deposits that leave room for the planned payments.</summary>
    public Money(Stage stage, PaymentPlan plan)
    {
        _stage = stage;
        PaymentFunds = plan.Sum + (plan.Sum / 4) + 1;
        var large = BigInteger.Max(Amounts.Ether, 2 * PaymentFunds);
        AliceIrene = new Ledger(stage.Alice, stage.Irene, Rpc.Payload.Native, large, Amounts.Ether / 2);
        IreneBob = new Ledger(stage.Irene, stage.Bob, Rpc.Payload.Native, large, Amounts.Ether / 4);
        Tokens = new Ledger(stage.Alice, stage.Irene, Hex.Bytes(stage.Contracts.Token.Address.Span), 500 * Amounts.Ether, 250 * Amounts.Ether);
    }

    /// <summary>What Alice locks in the payment channel: more than she will pay.</summary>
    public BigInteger PaymentFunds { get; }

    /// <summary>Carries Alice's side of the payment channel.</summary>
    public Ledger AliceIrene { get; }

    /// <summary>Carries Bob's side.</summary>
    public Ledger IreneBob { get; }

    /// <summary>Shows that tokens are held and paid out alike.</summary>
    public Ledger Tokens { get; }

    /// <summary>All three.</summary>
    public IReadOnlyList<Ledger> Ledgers => [AliceIrene, IreneBob, Tokens];

    /// <summary>What the chain accounts are given: the deposits, one ether for gas, and some tokens more than needed.</summary>
    public IReadOnlyList<Grant> Grants =>
        [.. _stage.Parties.Select(party => new Grant(party.ChainAccount, Deposits(party, native: true) + Amounts.Ether, TokenGrant(party)))];

    /// <summary>Checks every account on chain against what was deposited, paid, and spent on gas.</summary>
    public async Task CheckAsync(Checks checks, BigInteger paid, IReadOnlyDictionary<string, Spending> gas, CancellationToken cancellationToken)
    {
        var token = _stage.Contracts.Token.Address;
        foreach (var party in _stage.Parties)
        {
            var earned = party == _stage.Bob ? paid : party == _stage.Alice ? -paid : BigInteger.Zero;
            var granted = Grants.Single(grant => grant.Account.Equals(party.ChainAccount));
            var spent = gas[Hex.Bytes(party.ChainAccount.Span)];
            checks.Equal(
                $"{party.Name}'s payout in wei", Deposits(party, native: true) + earned, await _stage.Chain.EtherAsync(party.Address, cancellationToken));
            checks.Equal(
                $"{party.Name}'s chain account in wei",
                granted.Wei - Deposits(party, native: true) - spent.Wei,
                await _stage.Chain.EtherAsync(party.ChainAccount, cancellationToken));
            checks.Equal(
                $"{party.Name}'s payout in tokens", Deposits(party, native: false), await _stage.Chain.TokensAsync(token, party.Address, cancellationToken));
            checks.Equal(
                $"{party.Name}'s chain account in tokens",
                granted.Tokens - Deposits(party, native: false),
                await _stage.Chain.TokensAsync(token, party.ChainAccount, cancellationToken));
        }

        var adjudicator = _stage.Contracts.NitroAdjudicator.Address;
        checks.Equal("left in the adjudicator in wei", BigInteger.Zero, await _stage.Chain.EtherAsync(adjudicator, cancellationToken));
        checks.Equal("left in the adjudicator in tokens", BigInteger.Zero, await _stage.Chain.TokensAsync(token, adjudicator, cancellationToken));
    }

    private BigInteger TokenGrant(Party party) => Deposits(party, native: false) is { IsZero: false } needed ? needed + 7 : BigInteger.Zero;

    private BigInteger Deposits(Party party, bool native) => Ledgers
        .Where(ledger => (ledger.Asset == Rpc.Payload.Native) == native)
        .Aggregate(
            BigInteger.Zero,
            (sum, ledger) => sum + (ledger.Left == party ? ledger.LeftDeposit : ledger.Right == party ? ledger.RightDeposit : BigInteger.Zero));
}
