using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>
/// What became of reading a request: an envelope, or a problem and the id to answer it under. <c>Notification</c> names the method
/// where the only thing missing was the id: the API has no client notifications, but some clients send them by themselves.
/// </summary>
internal readonly record struct EnvelopeReading(Envelope? Envelope, RpcId Id, NodeProblem? Problem, string? Notification)
{
    public static EnvelopeReading Accepted(Envelope envelope) => new(envelope, envelope.Id, null, null);

    public static EnvelopeReading Refused(RpcId id, NodeProblem problem) => new(null, id, problem, null);

    public static EnvelopeReading Notified(RpcId id, string method) => new(null, id, Problems.InvalidRequest, method);
}
