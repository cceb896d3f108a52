using Microsoft.Extensions.Logging;
using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>Says in the log when the chain gives trouble and when it is well again, once each: an adapter only waits.</summary>
internal sealed class ChainWatch(IChain chain, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private string told = string.Empty;

    /// <summary>Works until cancelled.</summary>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            Look();
        }
    }

    /// <summary>Compares with what was said last.</summary>
    internal void Look()
    {
        var trouble = chain.Health.LastError;
        if (trouble == told)
        {
            return;
        }

        told = trouble;
        if (trouble.Length > 0)
        {
            logger.LogWarning("The chain gives trouble; what needs it waits: {Trouble}", trouble);
        }
        else
        {
            logger.LogInformation("The chain is well again");
        }
    }
}
