using Nitro.SignerProtocol;

namespace Nitro.Signer;

/// <summary>What is told of one copy of a request.</summary>
/// <param name="Response">The message.</param>
/// <param name="MayBeTogether">The node takes it in one call with others.</param>
internal readonly record struct Answer(HsmResponse Response, bool MayBeTogether);
