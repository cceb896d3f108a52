namespace Nitro.Signer.Keys;

/// <summary>The key files of signers before keys were encrypted: <c>channel.key</c> and <c>chain.key</c> in the signer's folder.</summary>
internal static class PlainKeys
{
    /// <summary>Where such a file of a role is or was.</summary>
    public static string PathOf(string folder, KeyRole role) => Path.Combine(folder, role == KeyRole.Channel ? "channel.key" : "chain.key");

    /// <summary>Those that are there.</summary>
    public static IReadOnlyList<string> In(string folder) =>
        [.. new[] { PathOf(folder, KeyRole.Channel), PathOf(folder, KeyRole.Chain) }.Where(File.Exists)];
}
