namespace Nitro.Ports;

/// <summary>The node as its API sees it: calls in, answers and notifications out, both as JSON bytes made by the core.</summary>
public interface INodePort
{
    /// <summary>
    /// Runs one method. <paramref name="payload"/> is the JSON of params.payload, empty when absent.
    /// Never throws for anything a caller can do.
    /// </summary>
    /// <param name="method">Its name.</param>
    /// <param name="payload">See above.</param>
    /// <param name="requestId">The caller's, or null.</param>
    /// <param name="signature">What a device signed, not checked yet; null: the call is unsigned.</param>
    /// <param name="cancellationToken">The caller waits no longer; the work goes on.</param>
    ValueTask<NodeAnswer> CallAsync(
        string method, ReadOnlyMemory<byte> payload, string? requestId, CallSignature? signature, CancellationToken cancellationToken);

    /// <summary>The same, unsigned.</summary>
    ValueTask<NodeAnswer> CallAsync(string method, ReadOnlyMemory<byte> payload, string? requestId, CancellationToken cancellationToken) =>
        CallAsync(method, payload, requestId, null, cancellationToken);

    /// <summary>The permission a method needs, or null where the method is unknown.</summary>
    string? PermissionOf(string method);

    /// <summary>Notifications from now on. A reader that falls behind by more than its bound is ended, never waited for.</summary>
    IAsyncEnumerable<NodeNotification> NotificationsAsync(CancellationToken cancellationToken);
}

/// <summary>A result's JSON, or a problem.</summary>
public readonly record struct NodeAnswer(ReadOnlyMemory<byte> Result, NodeProblem? Problem);

/// <summary>
/// A caller's mistake or the node's refusal. <c>Code</c>: JSON-RPC error code (-32009 params do not fit, -32602 invalid values, -32603 refused).
/// <c>Message</c> is interface where the reference fixes it; <c>Next</c> tells what to do about it.
/// </summary>
public sealed record NodeProblem(int Code, string Message, string? Tag, string? Next);

/// <summary>A notification: method (<c>objective_completed</c>, ...) and the JSON of its payload.</summary>
public sealed record NodeNotification(string Method, ReadOnlyMemory<byte> Payload);
