using Nitro.Host.Api;

namespace Nitro.Host.Loop;

/// <summary>An event on its way to the turn, and who waits for what becomes of it.</summary>
internal sealed class Mail
{
    private readonly TaskCompletionSource<Taking>? answer;

    /// <summary>Nobody waits.</summary>
    internal Mail(NodeEvent @event) => Event = @event;

    private Mail(NodeEvent @event, TaskCompletionSource<Taking>? answer, PendingCall? call)
    {
        Event = @event;
        this.answer = answer;
        Call = call;
    }

    internal NodeEvent Event { get; }

    /// <summary>The API call that this event is, if it is one.</summary>
    internal PendingCall? Call { get; }

    /// <summary>The sender waits until the event is durable.</summary>
    internal static Mail Awaited(NodeEvent @event) =>
        new(@event, new TaskCompletionSource<Taking>(TaskCreationOptions.RunContinuationsAsynchronously), null);

    internal static Mail Of(PendingCall call, NodeEvent @event) => new(@event, null, call);

    /// <summary>Completes when the event is durable.</summary>
    /// <exception cref="TenantStoppedException">The tenant stopped first: it is unknown whether the event was stored.</exception>
    internal Task<Taking> Answered => answer?.Task ?? throw new InvalidOperationException("Nobody was to wait for this event.");

    internal void Answer(Taking taking) => answer?.TrySetResult(taking);

    internal void Fail(TenantStoppedException reason)
    {
        answer?.TrySetException(reason);
        Call?.Fail(reason);
    }
}
