using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Nitro.Ports;

namespace Nitro.JsonRpc;

/// <summary>From a request's bytes to its reply's, whatever carried them. Nothing a caller sends makes it throw.</summary>
internal sealed partial class RequestHandler(RpcTenant tenant, bool goNitro, ILogger logger)
{
    private const string TokenMethod = "get_auth_token";
    private const int MaxClientName = 256;

    private static readonly SearchValues<char> RequestIdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:");

    /// <summary>The reply, or null where none is due (a client's own <c>$/…</c> notification).</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> HandleAsync(
        ReadOnlyMemory<byte> request, Caller caller, CancellationToken cancellationToken)
    {
        RpcId id = caller.UnknownId;
        try
        {
            EnvelopeReading reading = Envelope.Read(request, goNitro, caller.UnknownId, method => PermissionOf(method) is not null);
            id = reading.Id;
            if (reading.Envelope is not { } envelope)
            {
                if (reading.Notification?.StartsWith("$/", StringComparison.Ordinal) == true)
                {
                    return null;
                }

                return Error(id, reading.Problem!);
            }

            NodeAnswer answer = await AnswerAsync(envelope, caller, cancellationToken);
            return answer.Problem is { } problem ? Error(id, problem) : Frames.Result(id, answer.Result);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e)
        {
            LogFailure(logger, tenant.Name, e);
            return Error(id, Problems.Internal);
        }
    }

    public ReadOnlyMemory<byte> Error(RpcId id, NodeProblem problem) => Frames.Error(id, problem, goNitro);

    private string? PermissionOf(string method) => method == TokenMethod ? "none" : tenant.Node.PermissionOf(method);

    private async ValueTask<NodeAnswer> AnswerAsync(Envelope envelope, Caller caller, CancellationToken cancellationToken)
    {
        if (envelope.Method == TokenMethod)
        {
            return IssueToken(envelope.Payload, caller);
        }

        if (!tenant.Tokens.Allows(envelope.AuthToken, PermissionOf(envelope.Method)!))
        {
            return Problem(Problems.Token);
        }

        if (!caller.IsAdmitted && tenant.Tokens.Allows(envelope.AuthToken, "read"))
        {
            caller.Admit();
        }

        if (envelope.RequestId is { } requestId
            && (requestId.Length is < 16 or > 64 || requestId.AsSpan().ContainsAnyExcept(RequestIdCharacters)))
        {
            return Problem(Problems.RequestId);
        }

        return await tenant.Node.CallAsync(envelope.Method, envelope.Payload, envelope.RequestId, envelope.Signature, cancellationToken);
    }

    private NodeAnswer IssueToken(ReadOnlyMemory<byte> payload, Caller caller)
    {
        if (!TryTokenPayload(payload, out string? client, out string? secret))
        {
            return Problem(Problems.ParamsDoNotFit);
        }

        if (!caller.OnLoopback && !tenant.Tokens.IsSecret(secret))
        {
            return Problem(Problems.Secret);
        }

        return client?.Length > MaxClientName
            ? Problem(Problems.ClientName)
            : new NodeAnswer(JsonSerializer.SerializeToUtf8Bytes(tenant.Tokens.Issue(client ?? string.Empty)), null);
    }

    private static bool TryTokenPayload(ReadOnlyMemory<byte> payload, out string? client, out string? secret)
    {
        client = secret = null;
        if (payload.IsEmpty)
        {
            return true;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(payload);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && Envelope.TryText(Envelope.Find(document.RootElement, "Id"), out client)
                && Envelope.TryText(Envelope.Find(document.RootElement, "Secret"), out secret);
        }
        catch (InvalidOperationException)
        {
            return false; // half a surrogate pair, which is no text
        }
    }

    private static NodeAnswer Problem(NodeProblem problem) => new(default, problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request to tenant {Tenant} failed inside the node; it was answered with -32603")]
    private static partial void LogFailure(ILogger logger, string tenant, Exception cause);
}
