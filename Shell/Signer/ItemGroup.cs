using Nitro.Signing;

namespace Nitro.Signer;

/// <summary>What stands together in a request: evidence, and last what is wanted.</summary>
/// <param name="Items">Null where one of them cannot be read.</param>
/// <param name="Count">How many they are.</param>
internal sealed record ItemGroup(IReadOnlyList<SigningItem>? Items, int Count);
