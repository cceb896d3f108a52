using Nitro.Libp2p.Identity;

namespace Nitro.Libp2p.Noise;

/// <summary>What a handshake leads to: the secret channel, who is at its other end, and the muxer agreed on, if any was.</summary>
internal sealed record NoiseOutcome(NoiseChannel Channel, PublicKey Remote, string? Muxer);
