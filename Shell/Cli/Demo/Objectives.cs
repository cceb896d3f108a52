using System.Text.Json;
using Nitro.JsonRpc;

namespace Nitro.Cli.Demo;

/// <summary>Waits for objectives by asking the nodes.</summary>
internal static class Objectives
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Until the objective is completed at every one of these parties.</summary>
    /// <param name="id">Such as <c>DirectFunding-0x…</c>.</param>
    /// <param name="parties">Who takes part.</param>
    /// <param name="waiting">Told what is being waited for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CliError">A party rejected it.</exception>
    public static Task CompletedAsync(string id, IEnumerable<Party> parties, Action<string> waiting, CancellationToken cancellationToken) =>
        Task.WhenAll(parties.Select(party => CompletedAsync(id, party, waiting, cancellationToken)));

    private static async Task CompletedAsync(string id, Party party, Action<string> waiting, CancellationToken cancellationToken)
    {
        while (await UnmetAsync(id, party, cancellationToken) is { } unmet)
        {
            waiting($"{party.Name}: {id[..Math.Min(id.Length, 26)]}… {unmet}");
            await Task.Delay(Poll, cancellationToken);
        }
    }

    private static async Task<string?> UnmetAsync(string id, Party party, CancellationToken cancellationToken)
    {
        JsonElement objective;
        try
        {
            objective = await party.CallAsync("get_objective", json => json.WriteString("Id", id), null, cancellationToken);
        }
        catch (RpcError error)
        {
            // The peer's message about it may still be on its way.
            return error.Message;
        }

        return objective.GetProperty("Status").GetString() switch
        {
            "Completed" => null,
            "Rejected" => throw new CliError($"{party.Name} rejected {id}: {objective.GetProperty("Reason").GetString()}"),
            var status => $"{status}, {objective.GetProperty("WaitingFor").GetString()}",
        };
    }
}
