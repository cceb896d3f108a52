namespace Nitro.Host.Loop;

/// <summary>Counts that several threads raise.</summary>
internal sealed class Counters
{
    internal long Steps;
    internal long Sent;
    internal long Received;
    internal long Retries;
    internal long Signatures;
    internal long Refusals;
    internal long Offences;
    internal long Turned;
}
