using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Nitro.Cli.Demo;

/// <summary>The demo's story, step by step, driven through the nodes' JSON-RPC alone.</summary>
internal sealed class Story(DemoOptions options, Stage stage, StepRunner steps, Report report)
{
    private static readonly TimeSpan LinkCut = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan SignerCut = TimeSpan.FromSeconds(10);
    private readonly PaymentPlan _plan = new(options.Payments, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)));
    private readonly Checks _checks = new();
    private Tally _before = Tally.Zero;
    private TimeSpan _reconnected;

    /// <summary>How many checks were made.</summary>
    public int ChecksMade => _checks.Made;

    /// <summary>Plays it to the end.</summary>
    /// <exception cref="CliError">A step failed or a check does not hold.</exception>
    public async Task PlayAsync(CancellationToken cancellationToken)
    {
        await steps.RunAsync("chain, contracts and money", 300, PrepareAsync, cancellationToken);
        await steps.RunAsync(options.RemoteSigner ? "six processes: nodes and signers of alice, irene, bob" : "three nodes over TCP: alice, irene, bob", 60, StartAsync, cancellationToken);
        var money = new Money(stage, _plan);
        var channels = new string[money.Ledgers.Count];
        await steps.RunAsync("three ledger channels, funded on chain", 90, (view, token) => OpenAsync(money, channels, view, token), cancellationToken);
        if (!options.LedgersOnly)
        {
            await PayAsync(money, cancellationToken);
        }

        await steps.RunAsync("ledger channels closed, paid out on chain", 90, (view, token) => CloseAsync(money, channels, view, token), cancellationToken);
        await steps.RunAsync("everybody's money on chain, to the wei", 60, (view, token) => BalanceAsync(money, token), cancellationToken);
        await steps.RunAsync("the nodes end cleanly", 30, (view, token) => StopAsync(), cancellationToken);
    }

    private async Task PayAsync(Money money, CancellationToken cancellationToken)
    {
        var channel = new PaymentChannel(stage, _plan);
        await steps.RunAsync(
            "payment channel alice -> irene -> bob",
            60,
            async (view, token) =>
            {
                await channel.OpenAsync(money.PaymentFunds, view, token);
                return $"{Amounts.InEther(money.PaymentFunds)} ether, off chain";
            },
            cancellationToken);
        PaymentRun? run = null;
        var incidents = Incidents((happen, token) => run!.KillPayerAsync(happen, token));
        run = new PaymentRun(_plan, stage.Alice, channel.Id, incidents);
        await steps.RunAsync(
            string.Create(CultureInfo.InvariantCulture, $"{_plan.Count} payments, alice's node killed, alice cut off for {LinkCut.TotalSeconds:0} s{(options.RemoteSigner ? ", trouble with each signer" : "")}"),
            90 + (_plan.Count / 50),
            (view, token) => PaymentsAsync(run, view, token),
            cancellationToken);
        await steps.RunAsync(
            "nothing lost, nothing doubled",
            60,
            async (view, token) =>
            {
                await channel.CheckAsync(_checks, run.Answers, view, token);
                return $"bob received {Amounts.InEther(_plan.Sum)} ether";
            },
            cancellationToken);
        await steps.RunAsync(
            "payment channel closed",
            60,
            async (view, token) =>
            {
                await channel.CloseAsync(view, token);
                return string.Empty;
            },
            cancellationToken);
    }

    private async Task<string> PrepareAsync(IStepView view, CancellationToken cancellationToken)
    {
        await stage.BuildAsync(view, cancellationToken);
        view.Waiting("ether and tokens for the three");
        await stage.Chain.FundAsync(stage.Contracts.Token.Address, new Money(stage, _plan).Grants, cancellationToken);
        return "anvil, one block a second";
    }

    private async Task<string> StartAsync(IStepView view, CancellationToken cancellationToken)
    {
        await stage.StartAsync(cancellationToken);
        foreach (var (party, peers) in new[] { (stage.Alice, 1), (stage.Irene, 2), (stage.Bob, 1) })
        {
            view.Waiting($"{party.Name}'s peers");
            await Stage.ConnectedAsync(party, peers, cancellationToken);
        }

        return "alice listens nowhere; irene tells where bob is";
    }

    /// <summary>
    /// The first third of the payments is made undisturbed. Payments go on while Alice is cut off, since she owes nobody an answer for
    /// them: the newest voucher reaches Bob afterwards.
    /// </summary>
    private IReadOnlyList<Incident> Incidents(Func<Func<CancellationToken, Task>, CancellationToken, Task> killPayer)
    {
        int third = (_plan.Count + 2) / 3, half = (_plan.Count + 1) / 2, most = (_plan.Count * 4 + 4) / 5;
        var incidents = new List<Incident>
        {
            new("kill -9 to alice's node", third, _plan.Count, token => killPayer(KillAsync, token)),
            new("alice is cut off", half, most, CutAsync),
        };
        if (stage.Signers is { } signers)
        {
            incidents.Add(new("bob's signer is cut off", half, most, token => signers.CutOffAsync(SignerCut, token)));
            incidents.Add(new("kill -9 to alice's signer", half, most, token => signers.KillAndRestartAsync(stage.Alice, token)));
            incidents.Add(new("irene's signer twice", half, most, token => signers.StartTwiceAsync(stage.Irene, token)));
        }

        return incidents;
    }

    private static async Task<string> OpenAsync(Money money, string[] channels, IStepView view, CancellationToken cancellationToken)
    {
        var opened = await Task.WhenAll(money.Ledgers.Select(ledger => ledger.OpenAsync(view.Waiting, cancellationToken)));
        opened.CopyTo(channels, 0);
        return "alice-irene and irene-bob in ether, alice-irene in tokens";
    }

    /// <summary>The counts of a process are kept in its memory, so this is the last chance; a few payments more may be made before the kill.</summary>
    private async Task KillAsync(CancellationToken cancellationToken)
    {
        _before = await Tally.ReadAsync([stage.Alice], cancellationToken);
        await stage.KillAndRestartAsync(stage.Alice, cancellationToken);
    }

    private async Task CutAsync(CancellationToken cancellationToken)
    {
        await Stage.ConnectedAsync(stage.Alice, 2, cancellationToken);
        await stage.CutAliceOffAsync(LinkCut, cancellationToken);
        var since = Stopwatch.StartNew();
        await Stage.ConnectedAsync(stage.Alice, 2, cancellationToken);
        _reconnected = since.Elapsed;
    }

    private async Task<string> PaymentsAsync(PaymentRun run, IStepView view, CancellationToken cancellationToken)
    {
        var start = await Tally.ReadAsync(stage.Parties, cancellationToken);
        await run.RunAsync(view, cancellationToken);
        var done = _before.Then(await Tally.ReadAsync(stage.Parties, cancellationToken)).Since(start);
        report.Figure("payments a second before anything went wrong, 16 in flight", $"{run.Undisturbed.Payments / run.Undisturbed.Time.TotalSeconds:0}");
        report.Figure("SIGKILL to the next answered payment", $"{run.Outage.TotalSeconds:0.00} s");
        report.Figure("unanswered at the kill, of them already on disk", $"{run.LeftWithoutAnswer}, {run.DurableAllTheSame}");
        report.Figure("link healed to both peers connected again", $"{_reconnected.TotalSeconds:0.00} s");
        if (options.RemoteSigner)
        {
            report.Figure("signers: killed, started twice, cut off for", $"alice's, irene's, bob's {SignerCut.TotalSeconds:0} s");
        }

        report.Figure("journal records and fsyncs for the payments", $"{done.Records}, {done.Fsyncs}");
        return string.Create(CultureInfo.InvariantCulture, $"{run.LeftWithoutAnswer} in flight at the kill");
    }

    private async Task<string> CloseAsync(Money money, string[] channels, IStepView view, CancellationToken cancellationToken)
    {
        await Task.WhenAll(money.Ledgers.Select((ledger, index) => ledger.CloseAsync(channels[index], view.Waiting, cancellationToken)));
        return string.Empty;
    }

    private async Task<string> BalanceAsync(Money money, CancellationToken cancellationToken)
    {
        var gas = await GasLedger.ReadAsync(
            stage.Chain.Node, stage.StartBlock, stage.Parties.Select(party => party.ChainAccount), cancellationToken);
        await money.CheckAsync(_checks, options.LedgersOnly ? BigInteger.Zero : _plan.Sum, gas, cancellationToken);
        _checks.Require();
        var all = _before.Then(await Tally.ReadAsync(stage.Parties, cancellationToken));
        report.Figure("journal records and fsyncs, all", $"{all.Records}, {all.Fsyncs}");
        report.Figure("messages between the three, signatures", $"{all.Messages}, {all.Signatures}");
        report.Figure(
            "transactions and gas", $"{gas.Values.Sum(spent => spent.Transactions)}, {gas.Values.Aggregate(BigInteger.Zero, (sum, spent) => sum + spent.Gas)}");
        foreach (var party in stage.Parties)
        {
            var spent = gas[Ethereum.Hex.Bytes(party.ChainAccount.Span)];
            report.Figure($"{party.Name}: transactions, gas", $"{spent.Transactions}, {spent.Gas}");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{_checks.Made} checks hold");
    }

    private async Task<string> StopAsync()
    {
        _checks.True("every node ended with code 0 when asked to", await stage.StopAsync());
        _checks.Require();
        return string.Empty;
    }
}
