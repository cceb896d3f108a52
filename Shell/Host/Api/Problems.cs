using Nitro.Ports;

namespace Nitro.Host.Api;

/// <summary>The answers that the host gives by itself, when the core has none.</summary>
internal static class Problems
{
    private const int Refused = -32603;

    internal static NodeProblem Busy { get; } = new(
        Refused, "busy: the node has as many requests waiting as it allows", "busy", "ask again in a moment, with the same requestId if you gave one");

    internal static NodeProblem NoSignerYet { get; } = new(
        Refused,
        "waiting for signer: no signer has attached yet, so the node does not know its own addresses",
        "waiting-for-signer",
        "start the node's signer (nitro signer --node ...), then ask again");

    internal static NodeProblem NoSigner { get; } = new(
        Refused,
        "no signer: this needs a signature, and no signer is attached",
        "no-signer",
        "start the node's signer (nitro signer --node ...), then ask again; nothing was begun");

    internal static NodeProblem From(CoreProblem problem) => new(problem.Code, problem.Message, problem.Tag, problem.Next);

    internal static NodeProblem Stopped(string why) => new(
        Refused, $"the node has stopped: {why}", "stopped", "see the node's log; after it was started again ask again with the same requestId");

    internal static NodeProblem NotYet(string requestId) => new(
        Refused, "not done yet: the node goes on with this request", "not-yet", $"ask again with the same requestId: {requestId}");
}
