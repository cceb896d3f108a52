using Nitro.Ports;

namespace Nitro.Signing;

/// <summary>One request at the desk.</summary>
/// <param name="Items">Evidence, and last what is wanted; null where one of them cannot be read.</param>
/// <param name="Calls">The signed calls that caused it, verified: what they approve is heard first.</param>
internal sealed record DeskQuestion(IReadOnlyList<SigningItem>? Items, IReadOnlyList<CallContext> Calls);
