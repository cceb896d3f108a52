namespace Nitro.Host.Loop;

/// <summary>What became of an event, known once its step's records are durable. Code and detail are for a peer's message that was not taken.</summary>
internal readonly record struct Taking(PeerTaking Outcome, string Code, string Detail);
