using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Nitro.Ports;

namespace Nitro.Shell.Tests.JsonRpc;

/// <summary>A node whose answers a test writes. It remembers its calls and tells its readers what the test publishes.</summary>
internal sealed class StandInNode : INodePort
{
    private readonly List<Channel<NodeNotification>> _readers = [];

    public ConcurrentQueue<StandInCall> Calls { get; } = new();

    /// <summary>Gives back <c>{"ok":true}</c> unless a test says otherwise.</summary>
    public Func<StandInCall, CancellationToken, ValueTask<NodeAnswer>> Answer { get; set; } =
        (_, _) => ValueTask.FromResult(new NodeAnswer("""{"ok":true}"""u8.ToArray(), null));

    public int Readers
    {
        get
        {
            lock (_readers)
            {
                return _readers.Count;
            }
        }
    }

    public ValueTask<NodeAnswer> CallAsync(
        string method, ReadOnlyMemory<byte> payload, string? requestId, CallSignature? signature, CancellationToken cancellationToken)
    {
        var call = new StandInCall(method, Encoding.UTF8.GetString(payload.Span), requestId) { Signature = signature };
        Calls.Enqueue(call);
        return Answer(call, cancellationToken);
    }

    public string? PermissionOf(string method) => method switch
    {
        "get_address" or "version" => "none",
        "create_ledger_channel" or "close_ledger_channel" or "create_payment_channel" or "close_payment_channel" => "sign",
        "pay" or "create_voucher" => "sign",
        "receive_voucher" or "get_payment_channel" or "get_ledger_channel" => "read",
        "get_all_ledger_channels" or "get_payment_channels_by_ledger" => "read",
        _ => null,
    };

    public async IAsyncEnumerable<NodeNotification> NotificationsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = Channel.CreateUnbounded<NodeNotification>();
        lock (_readers)
        {
            _readers.Add(reader);
        }

        try
        {
            await foreach (NodeNotification notification in reader.Reader.ReadAllAsync(cancellationToken))
            {
                yield return notification;
            }
        }
        finally
        {
            lock (_readers)
            {
                _readers.Remove(reader);
            }
        }
    }

    public void Publish(string method, string payloadJson)
    {
        lock (_readers)
        {
            _readers.ForEach(reader => reader.Writer.TryWrite(new NodeNotification(method, Encoding.UTF8.GetBytes(payloadJson))));
        }
    }

    public void EndNotifications()
    {
        lock (_readers)
        {
            _readers.ForEach(reader => reader.Writer.TryComplete());
        }
    }
}
