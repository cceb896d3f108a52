using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>One message from a peer: a request, or what was wrong with it already on the way in.</summary>
internal readonly record struct Incoming(ReadOnlyMemory<byte> Request, NodeProblem? Problem = null);
