using System.Text.Json;

namespace Nitro.JsonRpc;

/// <summary>What a token says: from and until when it is good (seconds since 1970), and for what.</summary>
internal sealed record TokenClaims(double Starts, double LastSecond, double Ends, IReadOnlySet<string> Permissions)
{
    private const double LifetimeSeconds = 7 * 24 * 3600;

    /// <summary>The claims, or null where they make no sense: then the token is worthless.</summary>
    public static TokenClaims? Read(JsonElement root) =>
        TryTime(root, "iat", double.NaN, out double issued) && !double.IsNaN(issued)
        && TryTime(root, "exp", double.PositiveInfinity, out double expires)
        && TryTime(root, "nbf", double.NegativeInfinity, out double starts)
        && TryPermissions(root, out HashSet<string> permissions)
            ? new TokenClaims(starts, issued + LifetimeSeconds, expires, permissions)
            : null;

    /// <summary>Whether it grants the permission at this time, in seconds since 1970.</summary>
    public bool Grants(string permission, double now) =>
        now >= Starts && now <= LastSecond && now < Ends && Permissions.Contains(permission);

    private static bool TryTime(JsonElement root, string name, double absent, out double seconds)
    {
        seconds = absent;
        return !root.TryGetProperty(name, out JsonElement claim)
            || claim.ValueKind == JsonValueKind.Null
            || (claim.ValueKind == JsonValueKind.Number && claim.TryGetDouble(out seconds));
    }

    private static bool TryPermissions(JsonElement root, out HashSet<string> permissions)
    {
        permissions = new HashSet<string>(StringComparer.Ordinal);
        if (!root.TryGetProperty("perm", out JsonElement list)
            || list.ValueKind != JsonValueKind.Array
            || !list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String))
        {
            return false;
        }

        foreach (JsonElement item in list.EnumerateArray())
        {
            permissions.Add(item.GetString()!);
        }

        return true;
    }
}
