using System.Globalization;
using System.Text.Json;

namespace Nitro.JsonRpc;

/// <summary>A request's id as the JSON that goes back in its reply.</summary>
internal readonly record struct RpcId(string Json)
{
    private const double TwoTo64 = 18446744073709551616.0;
    private const int MaxTextBytes = 256;

    /// <summary>What HTTP and WebSocket replies carry when the id could not be read.</summary>
    public static RpcId Zero { get; } = new("0");

    /// <summary>What stdio replies carry when the id could not be read.</summary>
    public static RpcId Null { get; } = new("null");

    /// <summary>
    /// Reads an id. <paramref name="rounded"/> is what go-nitro answers to requests that are no requests (it knows the id as a double
    /// there), <paramref name="exact"/> what every later reply carries.
    /// </summary>
    public static bool TryRead(JsonElement element, bool goNitro, out RpcId rounded, out RpcId exact)
    {
        rounded = exact = Zero;
        if (element.ValueKind == JsonValueKind.String)
        {
            exact = rounded = new RpcId(element.GetRawText());
            return !goNitro && exact.Json.Length <= MaxTextBytes;
        }

        if (element.ValueKind != JsonValueKind.Number || !element.TryGetDouble(out double number))
        {
            return false;
        }

        if (!(number >= 0) || number >= TwoTo64 || Math.Floor(number) != number)
        {
            return false;
        }

        ulong viaDouble = (ulong)number;
        ulong written = element.TryGetUInt64(out ulong plain) ? plain : viaDouble;
        exact = new RpcId(written.ToString(CultureInfo.InvariantCulture));
        rounded = goNitro ? new RpcId(viaDouble.ToString(CultureInfo.InvariantCulture)) : exact;
        return true;
    }
}
