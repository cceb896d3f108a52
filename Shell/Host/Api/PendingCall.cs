using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Api;

/// <summary>One caller waiting for the answer to one request id.</summary>
internal sealed class PendingCall(string requestId)
{
    private readonly TaskCompletionSource<NodeAnswer> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal string RequestId { get; } = requestId;

    /// <summary>Its event was stepped: from then on an answer to its request id is meant for it too.</summary>
    internal bool IsStepped { get; set; }

    /// <summary>Never fails: a stopped tenant is an answer as well.</summary>
    internal Task<NodeAnswer> Answered => answer.Task;

    internal void Answer(NodeAnswer found) => answer.TrySetResult(found);

    internal void Fail(TenantStoppedException reason) => Answer(new NodeAnswer(default, Problems.Stopped(reason.Message)));
}
