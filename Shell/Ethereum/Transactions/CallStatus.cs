namespace Nitro.Ethereum.Transactions;

/// <summary>How far a call has come. The numbers are stored.</summary>
internal enum CallStatus
{
    /// <summary>Steps remain, or are not deep enough yet.</summary>
    Open = 0,

    /// <summary>All steps mined with success at final depth.</summary>
    Done = 1,

    /// <summary>Refused; the sink has to be told.</summary>
    Refused = 2,

    /// <summary>Refused, and the sink was told.</summary>
    Told = 3,
}
