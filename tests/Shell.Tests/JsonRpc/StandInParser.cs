using System.Text.Json;
using Nitro.Ports;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>
/// The little of the core's payload parser that the vectors ask for: amounts are unsigned, and a few ids and amounts must not be zero.
/// </summary>
internal static class StandInParser
{
    private static readonly NodeProblem DoesNotFit = new(-32009, "Could not unmarshal params object", "params", null);
    private static readonly NodeProblem Invalid = new(-32602, "Invalid params", "params", null);

    public static NodeProblem? Check(StandInCall call)
    {
        using JsonDocument document = JsonDocument.Parse(call.Payload.Length == 0 ? "{}" : call.Payload);
        JsonElement payload = document.RootElement;
        if (payload.TryGetProperty("Amount", out JsonElement amount) && !amount.TryGetUInt64(out _))
        {
            return DoesNotFit;
        }

        return call.Method switch
        {
            "pay" => IsZero(payload, "Channel") || amount.GetUInt64() == 0 ? Invalid : null,
            "get_payment_channel" => IsZero(payload, "Id") ? Invalid : null,
            "get_payment_channels_by_ledger" => IsZero(payload, "LedgerId") ? Invalid : null,
            _ => null,
        };
    }

    private static bool IsZero(JsonElement payload, string name) =>
        !payload.TryGetProperty(name, out JsonElement id) || id.GetString()!.TrimStart('0', 'x').Length == 0;
}
