using Microsoft.Extensions.Logging;
using Nitro.Grpc;

namespace Nitro.Signer;

/// <summary>Attaches to one node, for ever: after each end it tries again, soon at first, then every few seconds, each time with jitter.</summary>
internal sealed class NodeLink(Uri node, GrpcChannelOptions options, Func<GrpcMetadata> addresses, Workbench bench, ILogger logger)
{
    private const int FirstWaitMilliseconds = 100;
    private const int LongestWaitMilliseconds = 3_000;
    private string _told = "";

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wait = FirstWaitMilliseconds;
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await StayAsync(cancellationToken))
            {
                wait = FirstWaitMilliseconds;
            }

            var jittered = wait / 2 + Random.Shared.Next(wait);
            await Task.Delay(jittered, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = Math.Min(2 * wait, LongestWaitMilliseconds);
        }
    }

    /// <summary>One stay; true if the node was there.</summary>
    private async Task<bool> StayAsync(CancellationToken cancellationToken)
    {
        using var channel = new GrpcChannel(node, options);
        using var attachment = new Attachment(channel, bench, logger, cancellationToken) { Heard = () => logger.LogInformation("Attached to {Node}", node) };
        try
        {
            await attachment.RunAsync(addresses());
            Tell(LogLevel.Warning, "it ended the attachment");
        }
        catch (GrpcException e) when (e.Code is GrpcStatusCode.FailedPrecondition or GrpcStatusCode.InvalidArgument or GrpcStatusCode.PermissionDenied)
        {
            Tell(LogLevel.Error, $"it does not take this signer: {e.Message}");
        }
        catch (GrpcException e)
        {
            Tell(LogLevel.Warning, $"it is not there: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Tell(LogLevel.Warning, "it fell silent");
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }

        if (attachment.WasHeard)
        {
            _told = "";
        }

        return attachment.WasHeard;
    }

    /// <summary>The same trouble is told once, not at each try.</summary>
    private void Tell(LogLevel level, string trouble)
    {
        if (_told != trouble)
        {
            _told = trouble;
            logger.Log(level, "{Node}: {Trouble}; attaching again until it works", node, trouble);
        }
    }
}
