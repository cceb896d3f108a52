using System.Numerics;

namespace Nitro.Cli.Demo;

/// <summary>A ledger channel to be opened: who, in which asset, and what each deposits.</summary>
internal sealed record Ledger(Party Left, Party Right, string Asset, BigInteger LeftDeposit, BigInteger RightDeposit)
{
    /// <summary>In the words of the summary.</summary>
    public string Name => $"{Left.Name}-{Right.Name}";

    /// <summary>Opens it at the left party and waits until both have funded it; returns the channel's id.</summary>
    public async Task<string> OpenAsync(Action<string> waiting, CancellationToken cancellationToken)
    {
        var started = await Left.CallAsync(
            "create_ledger_channel",
            json => Rpc.Payload.WriteOpening(json, Left.AddressText, Right.AddressText, Asset, LeftDeposit, RightDeposit, 0),
            null,
            cancellationToken);
        await Objectives.CompletedAsync(Id(started), [Left, Right], waiting, cancellationToken);
        return started.GetProperty("ChannelId").GetString() ?? throw new CliError("create_ledger_channel answered without a ChannelId.");
    }

    /// <summary>Closes it at the left party and waits until both have been paid out on chain.</summary>
    public async Task CloseAsync(string channel, Action<string> waiting, CancellationToken cancellationToken)
    {
        var started = await Left.CallAsync("close_ledger_channel", json => json.WriteString("ChannelId", channel), null, cancellationToken);
        await Objectives.CompletedAsync(started.GetString() ?? string.Empty, [Left, Right], waiting, cancellationToken);
    }

    private static string Id(System.Text.Json.JsonElement started) =>
        started.GetProperty("Id").GetString() ?? throw new CliError("create_ledger_channel answered without an Id.");
}
