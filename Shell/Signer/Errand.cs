using Nitro.SignerProtocol;

namespace Nitro.Signer;

/// <summary>One copy of a request, and the attachment that brought it.</summary>
internal sealed record Errand(Attachment Attachment, HsmRequest Request);
