using System.Numerics;
using System.Text.Json;
using Nitro.JsonRpc;

namespace Nitro.Cli.Demo;

/// <summary>The payment channel from Alice through Irene to Bob.</summary>
internal sealed class PaymentChannel(Stage stage, PaymentPlan plan)
{
    private const int SampleSize = 16;
    private const int InvalidParams = -32602;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Its id, once opened.</summary>
    public string Id { get; private set; } = string.Empty;

    /// <summary>Opens it at Alice and waits for all three.</summary>
    public async Task OpenAsync(BigInteger funds, IStepView view, CancellationToken cancellationToken)
    {
        var started = await stage.Alice.CallAsync(
            "create_payment_channel",
            json =>
            {
                Rpc.PaymentMethods.WriteIntermediaries(json, [stage.Irene.AddressText]);
                Rpc.Payload.WriteOpening(json, stage.Alice.AddressText, stage.Bob.AddressText, Rpc.Payload.Native, funds, BigInteger.Zero, 0);
            },
            null,
            cancellationToken);
        Id = started.GetProperty("ChannelId").GetString() ?? string.Empty;
        await Objectives.CompletedAsync(started.GetProperty("Id").GetString() ?? string.Empty, stage.Parties, view.Waiting, cancellationToken);
    }

    /// <summary>Closes it at Alice and waits for all three.</summary>
    public async Task CloseAsync(IStepView view, CancellationToken cancellationToken)
    {
        var started = await stage.Alice.CallAsync("close_payment_channel", json => json.WriteString("ChannelId", Id), null, cancellationToken);
        await Objectives.CompletedAsync(started.GetString() ?? string.Empty, stage.Parties, view.Waiting, cancellationToken);
    }

    /// <summary>Waits until Bob has everything, and checks that both ends agree on the sum; then asks old requests again and checks that nothing moves.</summary>
    public async Task CheckAsync(Checks checks, IReadOnlyList<string?> answers, IStepView view, CancellationToken cancellationToken)
    {
        BigInteger received;
        while ((received = await PaidAsync(stage.Bob, cancellationToken)) < plan.Sum)
        {
            view.Waiting($"bob has {Amounts.InEther(received)} of {Amounts.InEther(plan.Sum)} ether");
            await Task.Delay(Poll, cancellationToken);
        }

        checks.True("every payment has an answer", answers.All(answer => answer is not null));
        await SameTotalsAsync(checks, string.Empty, cancellationToken);
        foreach (var index in Enumerable.Range(0, Math.Min(SampleSize, plan.Count)).Select(i => (int)((long)i * plan.Count / Math.Min(SampleSize, plan.Count))))
        {
            var again = await plan.PayAsync(stage.Alice, Id, index, cancellationToken);
            checks.True($"request {plan.RequestId(index)} is answered as before ({answers[index]}), not with {again}", again == answers[index]);
        }

        checks.True("a used request id is refused for another amount", await IsRefusedAsync(cancellationToken));
        await SameTotalsAsync(checks, " after old requests were asked again", cancellationToken);
        checks.Require();
    }

    private async Task SameTotalsAsync(Checks checks, string when, CancellationToken cancellationToken)
    {
        checks.Equal($"Alice has paid{when}, in wei", plan.Sum, await PaidAsync(stage.Alice, cancellationToken));
        checks.Equal($"Bob has received{when}, in wei", plan.Sum, await PaidAsync(stage.Bob, cancellationToken));
    }

    private async Task<bool> IsRefusedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await stage.Alice.CallAsync(
                "pay", json => PaymentPlan.Write(json, Id, PaymentPlan.Amount(0) + 1), plan.RequestId(0), cancellationToken);
            return false;
        }
        catch (RpcError refusal)
        {
            return refusal.Code == InvalidParams;
        }
    }

    private async Task<BigInteger> PaidAsync(Party party, CancellationToken cancellationToken)
    {
        JsonElement channel = await party.CallAsync("get_payment_channel", json => json.WriteString("Id", Id), null, cancellationToken);
        return Amounts.TryHex(channel.GetProperty("Balance").GetProperty("PaidSoFar").GetString(), out var paid)
            ? paid
            : throw new CliError($"{party.Name} answers get_payment_channel without an amount in PaidSoFar.");
    }
}
