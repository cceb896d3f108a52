using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Nitro.JsonRpc;

/// <summary>
/// Serves the API to the process that started the node: requests on one stream, replies and notifications on another, nothing else on it.
/// The client's first byte picks the framing for both: 'C' (<c>Content-Length: n</c>, as in the language server protocol), else one JSON a
/// line. Notifications start with that byte. Tokens are needed as everywhere and given for the asking.
/// </summary>
public sealed class StdioServer(RpcTenant tenant, RpcOptions options, ILoggerFactory? loggers = null)
{
    private readonly ILogger _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger<StdioServer>();

    /// <summary>Serves one session. The streams stay open; a read that is under way when this returns is abandoned.</summary>
    public async Task<StdioEnd> RunAsync(Stream input, Stream output, CancellationToken cancellationToken)
    {
        await Task.Yield(); // some streams read on the caller's thread, who has other things to do
        var reader = new StdioReader(PipeReader.Create(input, new StreamPipeReaderOptions(leaveOpen: true)), options.RequestBytes);
        try
        {
            return await reader.DetectAsync(cancellationToken) is { } framing
                ? await ConverseAsync(reader, new StdioWriter(output, framing), cancellationToken)
                : StdioEnd.EndOfInput;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return StdioEnd.Stopped;
        }
        catch (IOException)
        {
            return StdioEnd.EndOfInput; // broken before a word was said
        }
    }

    private async Task<StdioEnd> ConverseAsync(StdioReader reader, StdioWriter writer, CancellationToken cancellationToken)
    {
        using var life = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var outbox = new Outbox(options.SubscriberQueue);
        using CancellationTokenRegistration stop = cancellationToken.Register(() => outbox.End(OutboxEnd.Stopping));
        await using var fan = new NotificationFan(tenant.Node, Frames.PlainNotification, _logger);
        fan.Add(outbox);

        var handler = new RequestHandler(tenant, options.GoNitro, _logger);
        var conversation = new Conversation(handler, new Caller(onLoopback: true, RpcId.Null), outbox, options.MaxInFlight);
        Task reading = ReadAsync(conversation, reader, outbox, life.Token);
        Task<bool> writing = WriteAsync(outbox, writer, life.Token);

        await Task.WhenAny(outbox.Ended, writing);
        bool clientGone = !outbox.Ended.IsCompleted;
        OutboxEnd end = clientGone ? OutboxEnd.PeerDone : await outbox.Ended;
        if (clientGone || end != OutboxEnd.PeerDone)
        {
            // Nobody takes what is still being written or would be read.
            await life.CancelAsync();
        }
        else
        {
            // All replies are out; what is left are notifications to a client that may have stopped reading.
            life.CancelAfter(options.CloseTimeout);
        }

        clientGone |= !await writing;
        await reading;
        return end switch
        {
            OutboxEnd.TooSlow => StdioEnd.ClientTooSlow,
            OutboxEnd.Stopping => StdioEnd.Stopped,
            _ => clientGone ? StdioEnd.ClientGone : StdioEnd.EndOfInput,
        };
    }

    private static async Task ReadAsync(Conversation conversation, StdioReader reader, Outbox outbox, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            await conversation.ReadAllAsync(reader.ReadAsync, cancellationToken);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // A broken or abandoned input has ended.
        }

        outbox.End(OutboxEnd.PeerDone);
    }

    private static async Task<bool> WriteAsync(Outbox outbox, StdioWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            await outbox.WriteAllAsync(writer.WriteAsync, cancellationToken);
            return true;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return false;
        }
    }
}
