using System.Buffers.Binary;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using Nitro.Host.Loop;
using Nitro.Ports;

namespace Nitro.Host.Api;

/// <summary>A tenant's API: commands go through the turn, queries are answered from the published state.</summary>
internal sealed class NodePort(
    Func<NodeHandle> node,
    Mailbox mailbox,
    PendingCalls calls,
    NotificationHub hub,
    Func<TenantStatistics> statistics,
    Func<SignerHealth> signer,
    CallGate? gate,
    TimeSpan callTimeLimit)
    : INodePort
{
    internal const string Statistics = "get_node_statistics";
    private const string Version = "version";
    internal static readonly byte[] VersionResult = JsonSerializer.SerializeToUtf8Bytes(
        typeof(NodePort).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "(devel)");

    /// <inheritdoc/>
    public string? PermissionOf(string method) => method switch
    {
        Version => "none",
        Statistics => "read",
        _ => NitroCore.PermissionOf(method),
    };

    /// <inheritdoc/>
    public async ValueTask<NodeAnswer> CallAsync(
        string method, ReadOnlyMemory<byte> payload, string? requestId, CallSignature? signature, CancellationToken cancellationToken)
    {
        // JSON-RPC ids are no idempotency keys: clients repeat them.
        var isCommand = NitroCore.IsCommand(method);
        var request = isCommand ? requestId ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) : "";
        if (gate?.Refuse(method, payload, request, PermissionOf(method), signature) is { } refusal)
        {
            return new NodeAnswer(default, refusal);
        }

        switch (method)
        {
            case Version:
                return new NodeAnswer(VersionResult, null);
            case Statistics:
                return new NodeAnswer(StatisticsJson.Write(statistics()), null);
            default:
                return isCommand
                    ? await CommandAsync(method, payload, request, isRepeatable: requestId is not null, cancellationToken)
                    : Query(method, payload);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<NodeNotification> NotificationsAsync(CancellationToken cancellationToken) => hub.SubscribeAsync(cancellationToken);

    private NodeAnswer Query(string method, ReadOnlyMemory<byte> payload) =>
        NitroCore.TryQuery(node(), method, payload, out var result, out var problem)
            ? new NodeAnswer(result, null)
            : new NodeAnswer(default, Problems.From(problem!));

    private async ValueTask<NodeAnswer> CommandAsync(
        string method, ReadOnlyMemory<byte> payload, string request, bool isRepeatable, CancellationToken cancellationToken)
    {
        var nonce = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));
        if (!NitroCore.TryCommand(node(), method, payload, nonce, request, out var command, out var problem))
        {
            return new NodeAnswer(default, Problems.From(problem!));
        }

        // Of what was asked before, the answer may be there already; what needs a signature would only wait.
        if (!isRepeatable && NitroCore.NeedsSignature(method) && signer().Attached == 0)
        {
            return new NodeAnswer(default, Problems.NoSigner);
        }

        var call = new PendingCall(request);
        calls.Add(call);
        try
        {
            if (!mailbox.TryPost(Mail.Of(call, command!)))
            {
                return new NodeAnswer(default, Problems.Busy);
            }

            var answer = await call.Answered.WaitAsync(callTimeLimit, cancellationToken);
            gate?.Answered(node(), request);
            return answer;
        }
        catch (TimeoutException)
        {
            return new NodeAnswer(default, Problems.NotYet(request));
        }
        finally
        {
            calls.Remove(call);
        }
    }
}
