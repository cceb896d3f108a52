using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Nitro.SignerProtocol;

namespace Nitro.SignerApi;

/// <summary>One signer's stream, from its call to its end. A signer that comes again gets a new one.</summary>
internal sealed class Attachment(uint number)
{
    private const int MostBytes = 256 * 1024;
    private readonly Channel<(StagedRequest Request, ulong Delivery)> _queue =
        Channel.CreateUnbounded<(StagedRequest, ulong)>(new UnboundedChannelOptions { SingleReader = true });

    private uint _deliveries;
    private long _heard = Stopwatch.GetTimestamp();

    /// <summary>Its name on the stage.</summary>
    public string Name { get; } = NameOf(number);

    /// <summary>The delivery number of its heartbeats; those of requests follow it.</summary>
    public ulong FirstDelivery => (ulong)number << 32;

    /// <summary>How long nothing was heard of the signer.</summary>
    public TimeSpan Silence => Stopwatch.GetElapsedTime(Interlocked.Read(ref _heard));

    /// <summary>The name of the attachment that a delivery belonged to.</summary>
    public static string NameOf(ulong delivery) => NameOf((uint)(delivery >> 32));

    /// <summary>The signer said something.</summary>
    public void Hear() => Interlocked.Exchange(ref _heard, Stopwatch.GetTimestamp());

    /// <summary>Queues a new copy of a request; its number. While the stage's gate is held.</summary>
    public ulong Deliver(StagedRequest request)
    {
        var delivery = FirstDelivery + ++_deliveries;
        _queue.Writer.TryWrite((request, delivery));
        return delivery;
    }

    /// <summary>What is to be sent, as much at a time as waits and is not long; what ended meanwhile is left out.</summary>
    public async IAsyncEnumerable<IReadOnlyList<HsmRequest>> RequestsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _queue.Reader.WaitToReadAsync(cancellationToken))
        {
            var some = new List<HsmRequest>();
            var bytes = 0;
            while (bytes < MostBytes && _queue.Reader.TryRead(out var next))
            {
                if (!next.Request.IsEnded)
                {
                    var parts = Messages(next.Request, next.Delivery);
                    some.AddRange(parts);
                    bytes += parts.Sum(part => part.Raw.Length);
                }
            }

            if (some.Count > 0)
            {
                yield return some;
            }
        }
    }

    private static IReadOnlyList<HsmRequest> Messages(StagedRequest request, ulong delivery) =>
    [
        .. request.Preliminaries.Select(evidence => new HsmRequest { RequestId = request.Id, Raw = evidence, Delivery = delivery, Preliminary = true }),
        new HsmRequest { RequestId = request.Id, Raw = request.Raw, Requests = { request.Requests }, Delivery = delivery, TogetherAllowed = true },
    ];

    private static string NameOf(uint number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
