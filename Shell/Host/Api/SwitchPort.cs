using System.Runtime.CompilerServices;
using Nitro.Ports;

namespace Nitro.Host.Api;

/// <summary>The API of a tenant that may not be open yet: until it is, everything but <c>version</c> is refused at once, with the reason.</summary>
internal sealed class SwitchPort : INodePort
{
    private const string Version = "version";
    private readonly TaskCompletionSource<INodePort> opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile INodePort? current;

    /// <summary>The tenant's own API takes over.</summary>
    public void Open(INodePort port)
    {
        current = port;
        opened.TrySetResult(port);
    }

    /// <inheritdoc/>
    public string? PermissionOf(string method) =>
        current is { } port ? port.PermissionOf(method) : method switch
        {
            Version => "none",
            NodePort.Statistics => "read",
            _ => NitroCore.PermissionOf(method),
        };

    /// <inheritdoc/>
    public ValueTask<NodeAnswer> CallAsync(
        string method, ReadOnlyMemory<byte> payload, string? requestId, CallSignature? signature, CancellationToken cancellationToken) =>
        current is { } port
            ? port.CallAsync(method, payload, requestId, signature, cancellationToken)
            : ValueTask.FromResult(method == Version ? new NodeAnswer(NodePort.VersionResult, null) : new NodeAnswer(default, Problems.NoSignerYet));

    /// <inheritdoc/>
    public IAsyncEnumerable<NodeNotification> NotificationsAsync(CancellationToken cancellationToken) =>
        current is { } port ? port.NotificationsAsync(cancellationToken) : OnceOpenAsync(cancellationToken);

    private async IAsyncEnumerable<NodeNotification> OnceOpenAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var port = await opened.Task.WaitAsync(cancellationToken);
        await foreach (var notification in port.NotificationsAsync(cancellationToken))
        {
            yield return notification;
        }
    }
}
